-- KEYS: locks. ARGV[1]: who gives them back. ARGV[2], ARGV[3]: where and what to publish, so
-- that who waits tries again. Answers 1 for each that was still theirs.
local answers = {}
for i, key in ipairs(KEYS) do
  answers[i] = 0
  if redis.call('GET', key) == ARGV[1] then
    redis.call('DEL', key)
    answers[i] = 1
  end
end
redis.call('PUBLISH', ARGV[2], ARGV[3])
return answers
