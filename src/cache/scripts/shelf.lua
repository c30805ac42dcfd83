-- A long period has an index beside its hash, so that a page of it is found without reading all:
-- a sorted set of 'word:field', all of score 0 and so in the order of their bytes. An order stands
-- there under '*' and under its status, a marker under '!'. '!indexed' in the hash says that the
-- index is kept. Others may write to the hash and not to the index: the numbers tell.
local MARKS = {'!complete', '!filling', '!doubts', '!indexed'}
local STATUSES = {pending = true, paid = true, completed = true, cancelled = true, expired = true}

local function held(index, word)
  return redis.call('ZLEXCOUNT', index, '[' .. word .. ':', '(' .. word .. ';')
end

local function unshelve(index, field)
  local members = {'*:' .. field, '!:' .. field, 'other:' .. field}
  for status in pairs(STATUSES) do members[#members + 1] = status .. ':' .. field end
  redis.call('ZREM', index, unpack(members))
end

-- Answers whether there was memory for it.
local function shelve(index, field, text)
  unshelve(index, field)
  if found(text) ~= 'v' then return not failed(redis.pcall('ZADD', index, 0, '!:' .. field)) end
  local status = string.match(text, '"status"%s*:%s*"(%l+)"')
  if not STATUSES[status or ''] then status = 'other' end
  return not failed(redis.pcall('ZADD', index, 0, '*:' .. field, 0, status .. ':' .. field))
end

local function in_step(hash, index)
  local fields = redis.call('HLEN', hash)
  for _, mark in ipairs(MARKS) do fields = fields - redis.call('HEXISTS', hash, mark) end
  return held(index, '*') + held(index, '!') == fields
end
