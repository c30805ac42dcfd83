-- KEYS: locks. ARGV[1]: lease in ms. ARGV[i+1]: who holds KEYS[i]. Answers 1 for each that is
-- still theirs.
local answers = {}
for i, key in ipairs(KEYS) do
  answers[i] = 0
  if redis.call('GET', key) == ARGV[i + 1] then
    redis.call('PEXPIRE', key, ARGV[1])
    answers[i] = 1
  end
end
return answers
