-- FENCE: caches stand aside from this key until the writer has published, or its deadline has passed.
-- include: server value
--
-- KEYS[1]  the key
-- ARGV[1]  token, new for every call
-- ARGV[2]  fenceMs, counted on this server's clock from now
--
-- Returns {primary (1 or 0), history} of the server that fenced.
-- Late: an unpublished token passes its deadline.

local primary, history = server()
local kind, _, detail = read(KEYS[1])
local tokens, disturbed = {}, false
if kind == 'fence' then
  tokens, disturbed = detail.tokens, true
end
tokens[ARGV[1]] = now_ms() + tonumber(ARGV[2])
write_fence(KEYS[1], tokens, disturbed)
return { primary and 1 or 0, history }
