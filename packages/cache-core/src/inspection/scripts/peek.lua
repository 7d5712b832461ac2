-- PEEK: what stands under keys, for operators and the audit; never a payload.
-- include: server value
--
-- KEYS[1…]  the keys, of one Redis Cluster slot
--
-- Returns {time ms, then for each key: kind, ms until it expires or -1, version, blessing, at, ttl, 1 for a value or 0 for a
-- cached 'not found'}; the last five '' for anything but an entry. Kinds: absent, entry, lease, fence, dead, other.
-- Late: reads only.

-- A payload may have megabytes: what comes before it has less than this.
local HEAD = 256

local answer = { integer(now_ms()) }
for _, key in ipairs(KEYS) do
  local kind, version, blessing, at, ttl, payload
  local type = redis.call('TYPE', key).ok
  if type == 'string' then
    local head = redis.call('GETRANGE', key, 0, HEAD - 1)
    version, blessing, at, ttl, payload =
      string.match(head, '^{"v":"(%d+)","b":(%d+),"at":(%d+),"ttl":(%d+),"cost":%d+,"d":(.)')
    kind = version and 'entry'
  end
  kind = kind or read(key)
  if kind == 'entry' and not version then
    kind = 'other'
  end
  answer[#answer + 1] = kind
  answer[#answer + 1] = integer(redis.call('PTTL', key))
  answer[#answer + 1] = version or ''
  answer[#answer + 1] = blessing or ''
  answer[#answer + 1] = at or ''
  answer[#answer + 1] = ttl or ''
  answer[#answer + 1] = version and (payload == 'n' and 0 or 1) or ''
end
return answer
