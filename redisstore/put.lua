-- Stores a value if a condition holds, and returns 1; else 0. It decides as
-- store.Cond.Holds does.
local value, life, kind, now, version, foreign = ARGV[1], tonumber(ARGV[2]), ARGV[3], tonumber(ARGV[4]), ARGV[5], ARGV[6] == '1'

local function holds()
	local meta, whose = held(KEYS[1])
	if meta and meta.version == string.sub(value, 9, 16) then
		return true -- our own write: its answer was lost, and the client tries again
	elseif kind == 'IfVersion' then
		return meta ~= nil and meta.version == version
	elseif kind == 'IfBeginning' then
		-- Of what has no header that the client could read.
		return whose ~= nil and '=' .. redis.call('GETRANGE', KEYS[1], 0, 255) == version
	elseif not meta then
		return not (whose == 'foreign' and foreign)
	end
	return now >= meta.gone or kind == 'IfVacant' and (meta.absent or now >= meta.fresh)
end

if not holds() then
	return 0
end
if life > 0 then
	redis.call('SET', KEYS[1], value, 'PX', ARGV[2])
elseif life == 0 then
	redis.call('SET', KEYS[1], value)
else
	redis.call('UNLINK', KEYS[1])
end
return 1
