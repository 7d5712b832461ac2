/**
 * SQL: which Postgres this is. Another one after a failover, and after a restore: its system identifier and timeline, and, for a
 * restore from a dump into the same server, the database and the table of the blessings, which is made anew.
 */
// pg_control_checkpoint() names a new timeline only after the first checkpoint on it; the WAL's file name at once.
export const THIS_POSTGRES = `(select concat_ws(':',
  (select system_identifier from pg_control_system()),
  ('x' || left(pg_walfile_name(pg_current_wal_insert_lsn()), 8))::bit(32)::bigint,
  (select oid from pg_database where datname = current_database()),
  'freshet.blessing'::regclass::oid))`;
