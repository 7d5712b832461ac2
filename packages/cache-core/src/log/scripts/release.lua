-- RELEASE: a replica that stops gives its freshness lease back, so that no strong writer waits for it.
--
-- KEYS[1]  applied
-- KEYS[2]  leases
-- ARGV[1]  replicaId, which serves nothing from memory any more
--
-- Returns 1 if there was a lease, else 0.

redis.call('HDEL', KEYS[1], ARGV[1])
return redis.call('ZREM', KEYS[2], ARGV[1])
