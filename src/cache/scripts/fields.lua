-- KEYS[1]: the hash of a period. ARGV[1]: where to go on. ARGV[2]: about how many fields.
-- Answers {where to go on, field, version, field, version, ...}, without values.
local scanned = redis.call('HSCAN', KEYS[1], ARGV[1], 'COUNT', ARGV[2])
local answer = {scanned[1]}
for i = 1, #scanned[2], 2 do
  local field = scanned[2][i]
  if string.sub(field, 1, 1) ~= '!' then
    local _, version = found(scanned[2][i + 1])
    answer[#answer + 1] = field
    answer[#answer + 1] = version > -math.huge and version or false
  end
end
return answer
