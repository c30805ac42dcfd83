-- KEYS[1]: the hash of a period. ARGV[1]: most fields to answer. ARGV[2]: a number by chance, from
-- which its doubts are counted: a hash that was lost, and made anew, has another. ARGV[3]: lifetime
-- in ms of a new one.
-- Answers all fields as field, text, field, text; or how many there are, when these are more.
local hash = KEYS[1]
local kept = redis.call('TYPE', hash).ok
if kept ~= 'hash' and kept ~= 'none' then return {} end
if redis.pcall('HSETNX', hash, '!doubts', ARGV[2]) == 1 and kept == 'none' then
  redis.call('PEXPIRE', hash, ARGV[3])
end
local fields = redis.call('HLEN', hash)
if fields > tonumber(ARGV[1]) then return fields end
return redis.call('HGETALL', hash)
