-- KEYS[i]: an entry, or the hash of a period. ARGV[i]: a field of that hash, or ''.
-- Answers for each {kind, version, lifetime in ms, bytes}. Kinds: 'v', '!' and '?' as ever, 'p' a
-- complete period, 'h' one that is not, '' nothing.
local answers = {}
for i, key in ipairs(KEYS) do
  local kept, field = redis.call('TYPE', key).ok, ARGV[i]
  local text, bytes = nil, 0
  if kept == 'hash' and field ~= '' then
    text, bytes = redis.call('HGET', key, field), redis.call('HSTRLEN', key, field)
  elseif kept ~= 'none' then
    bytes = redis.call('MEMORY', 'USAGE', key) or 0
  end
  if kept == 'string' then text = redis.call('GET', key) end
  local kind, version = found(text or nil)
  if kept == 'hash' and field == '' then
    kind = redis.call('HEXISTS', key, '!complete') == 1 and 'p' or 'h'
  end
  if not version or version == -math.huge then version = false end
  answers[i] = {kind or '', version, redis.call('PTTL', key), bytes}
end
return answers
