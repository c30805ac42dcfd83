-- KEYS[1]: the hash of a long period. KEYS[2]: its index.
-- ARGV[1]: the fill that begins, 'name time': after that time (Unix, ms) another may begin. ARGV[2]:
-- lifetime in ms. ARGV[3]: '1' to begin whoever is at it.
-- Answers how many fields there are, or -1 when another fill is under way.
local hash, index = KEYS[1], KEYS[2]
local kept = redis.call('TYPE', hash).ok
if kept ~= 'hash' and kept ~= 'none' then redis.call('DEL', hash) end
local filling = redis.call('HGET', hash, '!filling')
local ends = filling and tonumber(string.match(filling, ' (%d+)$') or '0') or 0
local clock = redis.call('TIME')
if ARGV[3] ~= '1' and ends > clock[1] * 1000 + clock[2] / 1000 then return -1 end
redis.call('UNLINK', index)
redis.call('HDEL', hash, '!complete', '!indexed')
local fields = redis.call('HLEN', hash)
if failed(redis.pcall('HSET', hash, '!filling', ARGV[1], '!indexed', '1')) then return -1 end
if redis.call('PTTL', hash) == -1 then redis.call('PEXPIRE', hash, ARGV[2]) end
return fields
