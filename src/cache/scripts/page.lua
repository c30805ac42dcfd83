-- KEYS[1]: the hash of a long period. KEYS[2]: its index.
-- ARGV[1]: '*' or a status. ARGV[2], ARGV[3]: between which fields, as members without their word,
-- or ''. ARGV[4]: most fields. ARGV[5]: '1' to begin at the end.
-- Answers {how many there are in all, field, text, field, text, ...} in the order of the walk;
-- nothing, when the period is not complete.
local hash, index, word, limit = KEYS[1], KEYS[2], ARGV[1], ARGV[4]
if redis.call('TYPE', hash).ok ~= 'hash' then return {} end
if redis.call('HEXISTS', hash, '!complete') == 0 or not in_step(hash, index) then return {} end
local answer = {held(index, word)}
local from = ARGV[2] == '' and '[' .. word .. ':' or '(' .. word .. ':' .. ARGV[2]
local to = ARGV[3] == '' and '(' .. word .. ';' or '(' .. word .. ':' .. ARGV[3]
local members
if limit == '0' then
  members = {}
elseif ARGV[5] == '1' then
  members = redis.call('ZREVRANGEBYLEX', index, to, from, 'LIMIT', 0, limit)
else
  members = redis.call('ZRANGEBYLEX', index, from, to, 'LIMIT', 0, limit)
end
for _, member in ipairs(members) do
  local field = string.sub(member, #word + 2)
  answer[#answer + 1] = field
  answer[#answer + 1] = redis.call('HGET', hash, field) or ''
end
return answer
