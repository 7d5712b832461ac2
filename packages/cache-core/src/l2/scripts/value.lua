-- Included by the scripts on one key; needs server.lua.

-- Versions outgrow the 2^53 of a Lua number: compare length, then text.
local function at_least(a, b)
  if #a ~= #b then
    return #a > #b
  end
  return a >= b
end

-- Reads what stands under a key.
-- Returns kind, text, detail:
--   'absent'
--   'entry', text, { version, blessing }
--   'lease', text                        a fill lease
--   'fence', text, { tokens, disturbed } with at least one live token; expired ones are left out, and disturb it
--   'dead'                               a fence without a live token
--   'other'                              another Redis type, or text of no known form
local function read(key)
  local type = redis.call('TYPE', key).ok
  if type == 'none' then
    return 'absent'
  end
  if type ~= 'string' then
    return 'other'
  end
  local text = redis.call('GET', key)
  local version, blessing = string.match(text, '^{"v":"(%d+)","b":(%d+),')
  if version then
    return 'entry', text, { version = version, blessing = tonumber(blessing) }
  end
  if string.sub(text, 1, 10) == '{"lease":"' then
    return 'lease', text
  end
  local inner, disturbed = string.match(text, '^{"fence":{(.*)},"disturbed":([01])}$')
  if not inner then
    return 'other'
  end
  local tokens, live, now = {}, false, now_ms()
  disturbed = disturbed == '1'
  for token, deadline in string.gmatch(inner, '"([^"]+)":(%d+)') do
    if tonumber(deadline) > now then
      tokens[token] = tonumber(deadline)
      live = true
    else
      disturbed = true
    end
  end
  if not live then
    return 'dead'
  end
  return 'fence', text, { tokens = tokens, disturbed = disturbed }
end

-- Writes a fence: without a TTL, so that volatile-* never evicts it.
local function write_fence(key, tokens, disturbed)
  local parts = {}
  for token, deadline in pairs(tokens) do
    parts[#parts + 1] = '"' .. token .. '":' .. integer(deadline)
  end
  table.sort(parts)
  redis.call('SET', key, '{"fence":{' .. table.concat(parts, ',') .. '},"disturbed":' .. (disturbed and '1' or '0') .. '}')
end

-- The version of an invalidation that removes every entry.
local MAX_VERSION = '9223372036854775807'

-- DROP, also of what PUBLISH finds when its fence is gone.
-- Returns 'absent', 'kept', 'fenced' or 'dropped'.
local function drop(key, version)
  local kind, _, detail = read(key)
  if kind == 'absent' then
    return 'absent'
  end
  if kind == 'entry' and version ~= MAX_VERSION and at_least(detail.version, version) then
    return 'kept'
  end
  if kind == 'fence' then
    write_fence(key, detail.tokens, true)
    return 'fenced'
  end
  redis.call('UNLINK', key)
  return 'dropped'
end
