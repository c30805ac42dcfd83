-- KEYS[i]: an entry. ARGV[4i-3 .. 4i]: kind, version, lifetime in ms, text.
-- Answers for each key: 1 stored, 0 something newer is there, 2 no memory. In the last case
-- what was there is gone, because it is older than what should be.
-- One MGET, since each command costs more than what it does for one key. What is not of our type
-- it does not show: anybody's to replace.
local answers, there, written = {}, redis.call('MGET', unpack(KEYS)), {}
for i, key in ipairs(KEYS) do
  local kind, version, text = ARGV[4 * i - 3], tonumber(ARGV[4 * i - 2]), ARGV[4 * i]
  answers[i] = 0
  if replaces(kind, version, written[key] or there[i], text) then
    answers[i], written[key] = 1, text
    if failed(redis.pcall('SET', key, text, 'PX', ARGV[4 * i - 1])) then
      redis.call('DEL', key)
      answers[i], written[key] = 2, '' -- older than anything
    end
  end
end
return answers
