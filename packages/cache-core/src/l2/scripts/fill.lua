-- FILL: stores what was loaded, if no invalidation came between.
--
-- KEYS[1]  the key
-- ARGV[1]  the token of this reader's fill lease
-- ARGV[2]  entry
-- ARGV[3]  TTL in ms
--
-- Returns 1, or 0 when the key no longer holds exactly that fill lease.
-- Late: the token is gone or still guards the same load.

if redis.call('TYPE', KEYS[1]).ok ~= 'string' or redis.call('GET', KEYS[1]) ~= '{"lease":"' .. ARGV[1] .. '"}' then
  return 0
end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
return 1
