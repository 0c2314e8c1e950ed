-- Returns the beginning of a value, and the size of all of it; nothing, if there
-- is no value: GETRANGE alone does not tell that from an empty one.
local size = redis.call('STRLEN', KEYS[1])
if size == 0 and redis.call('EXISTS', KEYS[1]) == 0 then
	return false
end
return {redis.call('GETRANGE', KEYS[1], 0, ARGV[1] - 1), size}
