-- Included by scripts on a domain's head; needs server.lua.

-- Returns primary, history, and the head's fields when this server is blessed: a primary, and the head's history is its own.
local function read_head(key)
  local primary, history = server()
  local values = redis.call('HMGET', key, 'history', 'blessing', 'validFrom', 'last', 'asOf', 'leaseMs', 'maxStalenessMs', 'seen')
  if not primary or values[1] ~= history then
    return primary, history, nil
  end
  return primary, history, {
    blessing = values[2],
    validFrom = values[3],
    last = tonumber(values[4]),
    asOf = tonumber(values[5]),
    leaseMs = tonumber(values[6]),
    maxStalenessMs = tonumber(values[7]),
    seen = tonumber(values[8]),
  }
end

-- Splits '<blessing>-<n>'.
local function split_id(id)
  local blessing, n = string.match(id, '^(%d+)-(%d+)$')
  return blessing, tonumber(n)
end

-- Notes that this server's clock shows `now`. A clock that shows less than it has shown before hides how old the watermark is:
-- then there is none, until a relay marks one by the clock as it goes now.
local function note_time(key, head, now)
  if now < (head.seen or 0) then
    head.asOf = nil
    redis.call('HSET', key, 'asOf', '')
  end
  redis.call('HSET', key, 'seen', integer(now))
end
