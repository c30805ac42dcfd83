-- KEYS[1]: the hash of a period. KEYS[2]: its index, if it is a long one.
-- ARGV[1]: lifetime in ms. ARGV[2]: 'first', 'next', 'last' or 'only' part of a whole period,
-- or 'some' orders of it. ARGV[3]: names the fill that the parts belong to. ARGV[4]: how many
-- doubts its snapshot knows of. ARGV[5]: how many fields are gone since it was read; they
-- follow as field, version. Then, for each order: field, kind, version, text.
-- Answers {stored, refused, 1 if there was no memory}.
--
-- Beside orders the hash has '!complete' (these are all), '!filling' (the fill under way) and
-- '!doubts' (how often an order became unknown, counted from a number by chance): a fill that began
-- before a doubt arose, or before all was lost, does nothing.
local hash, index, part = KEYS[1], KEYS[2], ARGV[2]
local kept = redis.call('TYPE', hash).ok
if kept ~= 'hash' and kept ~= 'none' then redis.call('DEL', hash) end
local indexed = redis.call('HEXISTS', hash, '!indexed') == 1

local at = 6
local is_doubted = false
if part == 'first' or part == 'only' then
  is_doubted = (redis.call('HGET', hash, '!doubts') or '0') ~= ARGV[4]
elseif part ~= 'some' then
  is_doubted = redis.call('HGET', hash, '!filling') ~= ARGV[3]
end
if is_doubted then return {0, (#ARGV - at + 1 - 2 * ARGV[5]) / 4, 0} end

for _ = 1, tonumber(ARGV[5]) do
  local field = ARGV[at]
  local text = redis.call('HGET', hash, field)
  local there, version = found(text)
  if there and there ~= '!' and version <= tonumber(ARGV[at + 1]) then
    redis.call('HDEL', hash, field)
    if indexed then unshelve(index, field) end
  elseif there and indexed then
    shelve(index, field, text)
  end
  at = at + 2
end

if part == 'first' or part == 'only' then
  if failed(redis.pcall('HSET', hash, '!filling', ARGV[3])) then return {0, 0, 1} end
end

local stored, refused, full = 0, 0, 0
for i = at, #ARGV, 4 do
  local field, kind, version, text = ARGV[i], ARGV[i + 1], tonumber(ARGV[i + 2]), ARGV[i + 3]
  local there = redis.call('HGET', hash, field)
  if replaces(kind, version, there, text) then
    local doubtful = kind == '?' or kind == 'x'
    local done = not failed(redis.pcall('HSET', hash, field, text))
    stored = stored + 1
    if doubtful then redis.pcall('HINCRBY', hash, '!doubts', 1) end
    if done and indexed then done = shelve(index, field, text) end
    if not done then
      redis.call('HDEL', hash, field)
      full = 1
    end
    if doubtful or full == 1 then redis.call('HDEL', hash, '!complete', '!filling') end
  else
    refused = refused + 1
    if found(there) == '?' then redis.call('HDEL', hash, '!filling') end
    if indexed then shelve(index, field, there) end
  end
end

if part == 'last' or part == 'only' then
  if redis.call('HGET', hash, '!filling') == ARGV[3] then
    redis.call('HDEL', hash, '!filling')
    local whole = not indexed or in_step(hash, index)
    if whole and not failed(redis.pcall('HSET', hash, '!complete', '1')) then
      redis.call('PEXPIRE', hash, ARGV[1])
    end
  end
end
local left = redis.call('PTTL', hash)
if left == -1 then
  redis.call('PEXPIRE', hash, ARGV[1])
  left = ARGV[1]
end
if indexed then redis.call('PEXPIRE', index, left) end
return {stored, refused, full}
