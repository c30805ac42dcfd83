-- KEYS[1]: the hash of a period.
-- ARGV[1]: lifetime in ms. ARGV[2]: 'first', 'next', 'last' or 'only' part of a whole period,
-- or 'some' orders of it. ARGV[3]: names the fill that the parts belong to. ARGV[4]: how many
-- doubts its snapshot knows of. ARGV[5]: how many fields are gone since it was read; they
-- follow as field, version. Then, for each order: field, kind, version, text.
-- Answers {stored, refused, 1 if there was no memory}.
--
-- Beside orders the hash has '!complete' (these are all), '!filling' (the fill under way) and
-- '!doubts' (how often an order became unknown): a fill that began before a doubt arose must
-- not declare the period complete.
local hash, part = KEYS[1], ARGV[2]
local kept = redis.call('TYPE', hash).ok
if kept ~= 'hash' and kept ~= 'none' then redis.call('DEL', hash) end

local at = 6
for _ = 1, tonumber(ARGV[5]) do
  local there, version = found(redis.call('HGET', hash, ARGV[at]))
  if there and there ~= '!' and version <= tonumber(ARGV[at + 1]) then
    redis.call('HDEL', hash, ARGV[at])
  end
  at = at + 2
end

if part == 'first' or part == 'only' then
  if (redis.call('HGET', hash, '!doubts') or '0') == ARGV[4] then
    if failed(redis.pcall('HSET', hash, '!filling', ARGV[3])) then return {0, 0, 1} end
  else
    redis.call('HDEL', hash, '!filling')
  end
end

local stored, refused, full = 0, 0, 0
for i = at, #ARGV, 4 do
  local field, kind, version = ARGV[i], ARGV[i + 1], tonumber(ARGV[i + 2])
  local there = redis.call('HGET', hash, field)
  if replaces(kind, version, there, ARGV[i + 3]) then
    local doubtful = kind == '?' or kind == 'x'
    local done = redis.pcall('HSET', hash, field, ARGV[i + 3])
    stored = stored + 1
    if doubtful then redis.pcall('HINCRBY', hash, '!doubts', 1) end
    if failed(done) then
      redis.call('HDEL', hash, field)
      full = 1
    end
    if doubtful or full == 1 then redis.call('HDEL', hash, '!complete', '!filling') end
  else
    refused = refused + 1
    if found(there) == '?' then redis.call('HDEL', hash, '!filling') end
  end
end

if part == 'last' or part == 'only' then
  if redis.call('HGET', hash, '!filling') == ARGV[3] then
    redis.call('HDEL', hash, '!filling')
    if not failed(redis.pcall('HSET', hash, '!complete', '1')) then
      redis.call('PEXPIRE', hash, ARGV[1])
    end
  end
end
if redis.call('PTTL', hash) == -1 then redis.call('PEXPIRE', hash, ARGV[1]) end
return {stored, refused, full}
