-- Writes a new first part over that of a value with the same content, and
-- returns 1; else 0. It decides as store.Touch says.
local fixed, life, kind, now, version = ARGV[1], tonumber(ARGV[2]), ARGV[3], tonumber(ARGV[4]), ARGV[5]

local ok, meta = pcall(held, KEYS[1])
if not ok then
	local why = type(meta) == 'table' and meta.err or meta
	if not string.find(why, 'WRONGTYPE', 1, true) then
		error(meta)
	end
	return 0 -- a list, say: SET replaces it
end
if not meta then
	return 0
end
if meta.version == string.sub(fixed, 9, 16) then
	return 1 -- our own write: its answer was lost, and the client tries again
end
if meta.absent or now >= meta.gone or meta.content ~= string.sub(fixed, 49, 88) then
	return 0
end
if kind == 'IfVersion' and meta.version ~= version then
	return 0
end
redis.call('SETRANGE', KEYS[1], 0, fixed)
if life > 0 then
	redis.call('PEXPIRE', KEYS[1], ARGV[2])
elseif life == 0 then
	redis.call('PERSIST', KEYS[1])
else
	redis.call('UNLINK', KEYS[1])
end
return 1
