-- What may replace what; the same rules as in entry.rs, which says what the markers mean.
-- Versions are compared as doubles, exact to 2^53. Money is never touched.

-- The kind and version of what is there; nil when nothing is.
local function found(text)
  if not text then return nil end
  if type(text) == 'table' then return 'v', -math.huge end -- not of our type: anybody's to replace
  local mark = string.sub(text, 1, 1)
  if mark == '!' or mark == '?' then
    return mark, tonumber(string.sub(text, 2)) or -math.huge
  end
  local version = string.match(text, '"version"%s*:%s*(-?%d+)')
  return 'v', version and tonumber(version) or -math.huge
end

local function replaces(kind, version, text, new)
  local there, at = found(text)
  if not there then return kind ~= 'r' end
  if kind == 'x' then return at == version or at <= tonumber(string.sub(new, 2)) end
  if kind == 'a' then return false end
  if kind == 'n' and there ~= '?' then return version > at end
  if kind == '?' or ((kind == 'v' or kind == 'r') and there == '!') then return version > at end
  return version >= at
end

-- Whether a pcall failed, which here means no memory.
local function failed(reply)
  return type(reply) == 'table' and reply.err ~= nil
end

