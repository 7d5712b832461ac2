-- Included by scripts that ask who answers.

-- Returns whether this server is a primary, and its history (master_replid: new at every restart and promotion).
local function server()
  local info = redis.call('INFO', 'replication')
  return string.match(info, 'role:(%a+)') == 'master', string.match(info, 'master_replid:(%x+)')
end

-- Milliseconds of this server's clock.
local function now_ms()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end

-- tostring() would write 1.7e+12.
local function integer(number)
  return string.format('%.0f', number)
end
