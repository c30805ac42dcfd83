-- KEYS: locks. ARGV[1]: who takes them. ARGV[2]: lease in ms. Answers 1 or 0 for each.
local answers = {}
for i, key in ipairs(KEYS) do
  answers[i] = redis.call('SET', key, ARGV[1], 'NX', 'PX', ARGV[2]) and 1 or 0
end
return answers
