-- BLESS: this server speaks for the domain from now on, with an empty log.
-- include: server head
--
-- KEYS[1]   head
-- KEYS[2]   log
-- ARGV[1]   blessing
-- ARGV[2]   the history that the caller brought up to date; any other refuses
-- ARGV[3]   validFrom: entries of older blessings are void
-- ARGV[4]   origin
-- ARGV[5]   asOf, ms of this server's clock
-- ARGV[6]   appliedNo
-- ARGV[7…9] the domain's limits: leaseMs, maxStalenessMs, strongTransactionMs
--
-- Returns 1, or 0 when refused: another history, no primary, or a head with this blessing or a higher one.
-- Leases stay: who holds one under the old blessing is waited for until it runs out.

local primary, history = server()
local blessing = redis.call('HGET', KEYS[1], 'blessing') or '0'
if not primary or history ~= ARGV[2] or tonumber(blessing) >= tonumber(ARGV[1]) then
  return 0
end
redis.call('DEL', KEYS[1])
redis.call('UNLINK', KEYS[2])
redis.call(
  'HSET', KEYS[1],
  'history', history,
  'blessing', ARGV[1],
  'validFrom', ARGV[3],
  'origin', ARGV[4],
  'last', '0',
  'asOf', ARGV[5],
  'appliedNo', ARGV[6],
  'leaseMs', ARGV[7],
  'maxStalenessMs', ARGV[8],
  'strongTransactionMs', ARGV[9]
)
return 1
