-- held returns what the header of the value says, and whether there is a value
-- at all. The header is nil where it is not ours, or is
-- damaged as far as can be told without the checksums.
local function held(key)
	local head = redis.call('GETRANGE', key, 0, 99)
	if #head < 100 or string.sub(head, 1, 5) ~= 'advc\1' then
		return nil, #head > 0 or redis.call('EXISTS', key) == 1
	end
	local rest = struct.unpack('>I4', head, 97)
	if rest < 12 or rest > 131072 or redis.call('STRLEN', key) < 100 + rest then
		return nil, true
	end
	-- Instants are in milliseconds; what is not positive is none.
	local fresh = struct.unpack('>i8', head, 25)
	local stale = struct.unpack('>i8', head, 33)
	local limit = struct.unpack('>i8', head, 41)
	local never = math.huge
	local gone = never
	if fresh > 0 then
		gone = math.max(fresh, stale)
	else
		fresh = never
	end
	if limit > 0 then
		gone = math.min(gone, limit)
	end
	return {
		absent = string.byte(head, 6) % 2 == 1,
		version = string.sub(head, 9, 16),
		content = string.sub(head, 49, 88),
		fresh = fresh,
		gone = gone,
	}, true
end

