-- PUBLISH: a strong writer's last step; lifts its fence and stores the new value if nothing disturbed it.
-- include: server value
--
-- KEYS[1]  the key
-- ARGV[1]  the token of this writer's FENCE
-- ARGV[2]  version: of the row; of the deletion; '0' after a rollback
-- ARGV[3]  entry, or '' for none (a deletion, a rollback, another schema version)
-- ARGV[4]  TTL in ms
--
-- Returns 'published'; 'lifted', nothing stored; 'shared', others' tokens keep the fence; or DROP's answers when the
-- key holds no fence of this writer.
-- Late: the token has passed its deadline, so it is a DROP.

local kind, _, detail = read(KEYS[1])
if kind ~= 'fence' or not detail.tokens[ARGV[1]] then
  return drop(KEYS[1], ARGV[2])
end
detail.tokens[ARGV[1]] = nil
if next(detail.tokens) then
  write_fence(KEYS[1], detail.tokens, true)
  return 'shared'
end
if ARGV[3] ~= '' and not detail.disturbed then
  redis.call('SET', KEYS[1], ARGV[3], 'PX', ARGV[4])
  return 'published'
end
redis.call('UNLINK', KEYS[1])
return 'lifted'
