-- CLEAR-FENCE: removes a fence that nobody holds any more; a key that no reader asks for would keep it for ever.
-- include: server value
--
-- KEYS[1]  the key
--
-- Returns 1, or 0 for anything but a fence without a live token. A fence that stands is not disturbed.
-- Late: a fence that was raised meanwhile is live.

-- Only a fence has no TTL: nothing else has to be read.
if redis.call('PTTL', KEYS[1]) ~= -1 or read(KEYS[1]) ~= 'dead' then
  return 0
end
redis.call('UNLINK', KEYS[1])
return 1
