-- KEYS[1]: the hash of a period. KEYS[2]: its index. ARGV[1]: lifetime in ms of what stays: one more doubt than before,
-- so that a fill which began earlier does not declare the period complete.
local hash = KEYS[1]
local doubts = redis.pcall('HGET', hash, '!doubts')
redis.call('UNLINK', hash, KEYS[2])
redis.call('HSET', hash, '!doubts', (tonumber(type(doubts) == 'string' and doubts) or 0) + 1)
redis.call('PEXPIRE', hash, ARGV[1])
return 1
