-- DROP: removes what is older than a committed change.
-- include: server value
--
-- KEYS[1]  the key
-- ARGV[1]  the version of the change
--
-- Returns 'absent'; 'kept', an entry at least as new; 'fenced', a live fence, now disturbed; or 'dropped', an older
-- entry, a fill lease, a dead fence, or garbage.
-- Late: only removes.

return drop(KEYS[1], ARGV[1])
