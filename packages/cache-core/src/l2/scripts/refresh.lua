-- REFRESH: replaces an entry by a newer load of the same key.
-- include: server value
--
-- KEYS[1]  the key
-- ARGV[1]  the version that the caller saw there; never '0', which says nothing about what came between
-- ARGV[2]  entry
-- ARGV[3]  TTL in ms
--
-- Returns 1, or 0 when the key holds anything but an entry of exactly that version.
-- Late: an invalidation that came between has removed the version seen.

local kind, _, detail = read(KEYS[1])
if kind ~= 'entry' or ARGV[1] == '0' or detail.version ~= ARGV[1] then
  return 0
end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
return 1
