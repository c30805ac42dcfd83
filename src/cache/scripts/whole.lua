-- KEYS[1]: the hash of a period. ARGV[1]: most fields to answer.
-- Answers all fields as field, text, field, text; or how many there are, when these are more.
local kept = redis.call('TYPE', KEYS[1]).ok
if kept ~= 'hash' then return {} end
local fields = redis.call('HLEN', KEYS[1])
if fields > tonumber(ARGV[1]) then return fields end
return redis.call('HGETALL', KEYS[1])
