-- KEYS[1]: a lock. ARGV[1]: who should hold it, or '' for anybody. ARGV[2], ARGV[3]: where and
-- what to publish. Answers who held it, when it was removed.
local holder = redis.call('GET', KEYS[1])
if not holder or (ARGV[1] ~= '' and holder ~= ARGV[1]) then return false end
redis.call('DEL', KEYS[1])
redis.call('PUBLISH', ARGV[2], ARGV[3])
return holder
