-- LEASE: the right to fill one key, for one reader that missed.
-- include: server value
--
-- KEYS[1]  the key
-- ARGV[1]  token, new for every call
-- ARGV[2]  validFrom: an entry of an older blessing is void and counts as absent
-- ARGV[3]  fillLeaseMs
--
-- Returns {'granted'}, {'entry', text}, {'lease'} (another's) or {'fence'} (a live one).
-- Late: leaves a fill lease that nobody uses until it expires.

local kind, text, detail = read(KEYS[1])
if kind == 'entry' and detail.blessing >= tonumber(ARGV[2]) then
  return { 'entry', text }
end
if kind == 'lease' or kind == 'fence' then
  return { kind }
end
redis.call('SET', KEYS[1], '{"lease":"' .. ARGV[1] .. '"}', 'PX', ARGV[3])
return { 'granted' }
