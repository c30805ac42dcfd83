-- KEYS: locks. ARGV[1]: who gives them back. ARGV[2], ARGV[3]: where and what to publish, so
-- that who waits tries again. Answers 1 for each that was still theirs.
-- Two commands for all locks: each costs more than what it does for one key.
local answers, theirs = {}, {}
for i, holder in ipairs(redis.call('MGET', unpack(KEYS))) do
  answers[i] = 0
  if holder == ARGV[1] then
    answers[i] = 1
    theirs[#theirs + 1] = KEYS[i]
  end
end
if #theirs > 0 then redis.call('DEL', unpack(theirs)) end
redis.call('PUBLISH', ARGV[2], ARGV[3])
return answers
