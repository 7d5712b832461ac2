-- The `freshet` schema of a domain's database. Every statement may run again: installing is also upgrading.
-- What each part promises stands in README.md beside this file.

create schema if not exists freshet;

-- Sequences start at the clock's microseconds, not at 1: caches outlive an uninstall, and a later install
-- must not draw versions below those that they still hold. They start 'called', so that last_value always
-- is the highest number drawn.
do $$
declare
  microseconds bigint := (extract(epoch from clock_timestamp()) * 1000000)::bigint;
begin
  if to_regclass('freshet.version_seq') is null then
    create sequence freshet.version_seq as bigint cache 1;
    perform setval('freshet.version_seq', microseconds);
  end if;
  if to_regclass('freshet.applied_no_seq') is null then
    create sequence freshet.applied_no_seq as bigint cache 1;
    perform setval('freshet.applied_no_seq', microseconds);
  end if;
end $$;

create table if not exists freshet.domain (
  name text not null check (name <> '')
);
create unique index if not exists domain_single_row on freshet.domain ((true));

create table if not exists freshet.invalidation_outbox (
  id bigint generated always as identity primary key,
  service text not null,
  entity text not null,
  id_parts text[],                                      -- null: the whole entity
  version bigint not null,                              -- 9223372036854775807: removes every entry
  cause text not null check (cause in ('insert', 'update', 'delete', 'truncate', 'manual')),
  traceparent text,
  created_at timestamptz not null default clock_timestamp(),
  attempts int not null default 0,
  next_attempt_at timestamptz not null default clock_timestamp(),
  last_error text,
  applied_at timestamptz,
  applied_no bigint,
  dead_at timestamptz,
  dead_reason text,
  -- The way to the caches, for operators: written when the row is marked, and read by nothing else.
  log_id text,
  drained_at timestamptz,
  dropped_at timestamptz,
  appended_at timestamptz
);
alter table freshet.invalidation_outbox
  add column if not exists log_id text,
  add column if not exists drained_at timestamptz,
  add column if not exists dropped_at timestamptz,
  add column if not exists appended_at timestamptz;
-- A queue: it is small, and every row in it is written twice and then deleted. Vacuum by count, not by share.
alter table freshet.invalidation_outbox set (
  autovacuum_vacuum_scale_factor = 0,
  autovacuum_vacuum_threshold = 5000,
  autovacuum_vacuum_insert_scale_factor = 0,
  autovacuum_vacuum_insert_threshold = 5000,
  autovacuum_analyze_scale_factor = 0,
  autovacuum_analyze_threshold = 5000,
  autovacuum_vacuum_cost_delay = 0
);
create index if not exists invalidation_outbox_pending on freshet.invalidation_outbox (id)
  where applied_at is null and dead_at is null;
create index if not exists invalidation_outbox_applied on freshet.invalidation_outbox (applied_no)
  where applied_no is not null;
create index if not exists invalidation_outbox_dead on freshet.invalidation_outbox (id)
  where dead_at is not null;

create table if not exists freshet.blessing (
  number bigint primary key,
  history text not null,
  origin text not null,                                 -- system identifier ':' timeline
  lease_ms int not null,
  max_staleness_ms int not null,
  strong_transaction_ms int not null,
  recorded_by text not null,
  recorded_at timestamptz not null default clock_timestamp(),
  finished_at timestamptz,
  confirmed_at timestamptz not null default clock_timestamp()  -- when a relay last saw it in force
);
alter table freshet.blessing
  add column if not exists confirmed_at timestamptz not null default clock_timestamp();

create table if not exists freshet.schema_version (
  service text not null,
  entity text not null,
  number int not null,
  ttl_ms bigint not null,
  last_used_at timestamptz not null default clock_timestamp(),
  primary key (service, entity, number)
);

-- Everything before this install counts as purged: a cache that knows an older applied_no is voided.
create table if not exists freshet.purge (
  highest_applied_no bigint not null
);
create unique index if not exists purge_single_row on freshet.purge ((true));
insert into freshet.purge (highest_applied_no)
  select last_value from freshet.applied_no_seq where not exists (select from freshet.purge);

create table if not exists freshet.cached_table (
  table_name regclass not null,
  service text not null check (service <> ''),
  entity text not null check (entity <> ''),
  id_columns text[] not null check (cardinality(id_columns) > 0),
  primary key (table_name, service, entity)
);

create table if not exists freshet.operator_log (
  id bigint generated always as identity primary key,
  at timestamptz not null default clock_timestamp(),
  who text not null,
  action text not null,
  subject jsonb not null,
  reason text
);

-- A database belongs to one domain for good: its outbox feeds that domain's log.
create or replace function freshet.name_domain(name text) returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  insert into freshet.domain select $1 where not exists (select from freshet.domain);
  if (select d.name from freshet.domain d) is distinct from $1 then
    raise exception 'this database belongs to the domain %, not %', (select d.name from freshet.domain d), $1
      using errcode = 'object_not_in_prerequisite_state';
  end if;
end $$;
