-- KEYS[i]: an entry. ARGV[4i-3 .. 4i]: kind, version, lifetime in ms, text.
-- Answers for each key: 1 stored, 0 something newer is there, 2 no memory. In the last case
-- what was there is gone, because it is older than what should be.
local answers = {}
for i, key in ipairs(KEYS) do
  local kind, version = ARGV[4 * i - 3], tonumber(ARGV[4 * i - 2])
  answers[i] = 0
  if replaces(kind, version, redis.pcall('GET', key), ARGV[4 * i]) then
    local stored = redis.pcall('SET', key, ARGV[4 * i], 'PX', ARGV[4 * i - 1])
    answers[i] = 1
    if failed(stored) then
      redis.call('DEL', key)
      answers[i] = 2
    end
  end
end
return answers
