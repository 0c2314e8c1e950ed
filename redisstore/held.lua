-- held returns what the header of the value says, and whose the value is: nil
-- where there is none, else 'ours', 'later', 'damaged' or 'foreign'. What only the
-- checksums tell to be damaged is 'ours' here, since Lua cannot compute them. Of
-- what is damaged or foreign there is no header; what a later version has written
-- is never gone, and nothing else is known of it.
local function held(key)
	local head = redis.call('GETRANGE', key, 0, 99)
	if string.sub(head, 1, 4) ~= 'advc' then
		return nil, (#head > 0 or redis.call('EXISTS', key) == 1) and 'foreign' or nil
	end
	local never = math.huge
	local format = string.byte(head, 5)
	if format and format > 1 then
		return {absent = false, version = '', content = '', fresh = never, gone = never}, 'later'
	end
	local rest = #head == 100 and struct.unpack('>I4', head, 97) or 0
	if format ~= 1 or rest < 12 or rest > 131072 or redis.call('STRLEN', key) < 100 + rest then
		return nil, 'damaged'
	end
	-- Instants are in milliseconds; what is not positive is none.
	local fresh = struct.unpack('>i8', head, 25)
	local stale = struct.unpack('>i8', head, 33)
	local limit = struct.unpack('>i8', head, 41)
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
	}, 'ours'
end

