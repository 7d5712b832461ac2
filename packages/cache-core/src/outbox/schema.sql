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
  dead_reason text
);
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
  finished_at timestamptz
);

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

-- The trace of the writing transaction, if it set one of the W3C shape; anything else is no trace.
create or replace function freshet.current_traceparent() returns text
language sql stable as $$
  select case
    when current_setting('freshet.traceparent', true)
      ~ '^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$'
    then current_setting('freshet.traceparent', true)
  end
$$;

-- BEFORE INSERT OR UPDATE, row. An update holds the row's lock by now, an upsert's update runs this again:
-- so versions grow in commit order while a row lives. A version that the statement set itself is replaced.
create or replace function freshet.draw_version() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  new.version := nextval('freshet.version_seq');
  return new;
end $$;

-- AFTER INSERT OR UPDATE OR DELETE, row. Arguments: service, entity, id columns.
-- A row whose id is null in any part names no key that a reader could ask for: it is left out.
create or replace function freshet.record_row() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  images jsonb[] := case tg_op
    when 'INSERT' then array[to_jsonb(new)]
    when 'DELETE' then array[to_jsonb(old)]
    else array[to_jsonb(old), to_jsonb(new)]
  end;
  drawn bigint := case when tg_op = 'DELETE' then nextval('freshet.version_seq') end;
  image jsonb;
  id_parts text[];
  recorded text[];
begin
  if tg_op <> 'DELETE' then
    drawn := new.version;
  end if;
  foreach image in array images loop
    id_parts := '{}';
    for argument in 2 .. tg_nargs - 1 loop
      if not image ? tg_argv[argument] then
        -- The id column was renamed. Failing the write would be worse, and leaving it out a lie.
        perform freshet.record_entity(tg_argv[0], tg_argv[1], lower(tg_op));
        return null;
      end if;
      id_parts := array_append(id_parts, image ->> tg_argv[argument]);
    end loop;
    if array_position(id_parts, null) is null and id_parts is distinct from recorded then
      insert into freshet.invalidation_outbox (service, entity, id_parts, version, cause, traceparent)
      values (tg_argv[0], tg_argv[1], id_parts, drawn, lower(tg_op), freshet.current_traceparent());
      recorded := id_parts;
    end if;
  end loop;
  return null;
end $$;

-- One outbox row that removes every entry of an entity.
create or replace function freshet.record_entity(service text, entity text, cause text) returns bigint
language sql set search_path = pg_catalog, pg_temp as $$
  insert into freshet.invalidation_outbox (service, entity, version, cause, traceparent)
  values ($1, $2, 9223372036854775807, $3, freshet.current_traceparent())
  returning id
$$;

-- AFTER TRUNCATE, statement. Arguments: service, entity.
create or replace function freshet.record_truncate() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  perform freshet.record_entity(tg_argv[0], tg_argv[1], 'truncate');
  return null;
end $$;

-- Invalidates by hand: one key, or without id_parts the whole entity. Returns the outbox row's id.
create or replace function freshet.invalidate(service text, entity text, id_parts text[] default null)
returns bigint language plpgsql set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
  outbox_id bigint;
begin
  if cardinality($3) = 0 or array_position($3, null) is not null then
    raise exception 'id_parts must name every part of the id' using errcode = 'invalid_parameter_value';
  end if;
  insert into freshet.invalidation_outbox (service, entity, id_parts, version, cause, traceparent)
  values ($1, $2, $3, 9223372036854775807, 'manual', freshet.current_traceparent())
  returning id into outbox_id;
  return outbox_id;
end $$;

-- The table and, if it is partitioned, all its partitions: statement triggers are not cloned to those.
create or replace function freshet.tree_of("table" regclass) returns setof regclass
language sql stable set search_path = pg_catalog, pg_temp as $$
  select $1 union select relid from pg_partition_tree($1)
$$;

-- What must be on a cached table. tgtype's bits: 1 row, 2 before, 4 insert, 8 delete, 16 update, 32 truncate.
create or replace function freshet.expected_triggers(service text, entity text, id_columns text[])
returns table (trigger_name name, function_name text, type smallint, timing text, level text, arguments text[], cloned boolean)
language sql immutable set search_path = pg_catalog, pg_temp as $$
  values
    ('zzz_freshet_version'::name, 'draw_version', 23::smallint, 'before insert or update', 'row', '{}'::text[], true),
    (('zzz_freshet_row_' || left(md5($1 || ':' || $2), 12))::name, 'record_row', 29::smallint,
      'after insert or update or delete', 'row', array[$1, $2] || $3, true),
    (('zzz_freshet_truncate_' || left(md5($1 || ':' || $2), 12))::name, 'record_truncate', 32::smallint,
      'after truncate', 'statement', array[$1, $2], false)
$$;

-- Why a column cannot be part of an id; null if it can. An id travels as text, so a type whose text depends
-- on session settings, or that prints equal values in several ways, would name keys that no reader asks for.
create or replace function freshet.id_column_problem("table" regclass, id_column text) returns text
language sql stable set search_path = pg_catalog, pg_temp as $$
  with recursive resolved as (
    select t.oid, t.typname, t.typtype, t.typbasetype, a.attgenerated
    from pg_attribute a join pg_type t on t.oid = a.atttypid
    where a.attrelid = $1 and a.attname = $2 and a.attnum > 0 and not a.attisdropped
    union all
    select t.oid, t.typname, t.typtype, t.typbasetype, r.attgenerated
    from resolved r join pg_type t on t.oid = r.typbasetype
  )
  select case
    when not exists (select from resolved) then format('column %I does not exist', $2)
    when exists (select from resolved where attgenerated = 'v') then format('column %I is virtual', $2)
    when not exists (select from resolved where typtype = 'e'
      or typname in ('int2', 'int4', 'int8', 'uuid', 'text', 'varchar', 'citext', 'name'))
      then format('column %I has a type without one fixed text form', $2)
  end
$$;

-- What keeps a registered table from being caught in full: one line for each registration, problem null if none.
create or replace function freshet.check_cached_tables()
returns table (table_name text, service text, entity text, problem text)
language sql stable set search_path = pg_catalog, pg_temp as $$
  select c.table_name::text, c.service, c.entity, case
    when not exists (select from pg_class where oid = c.table_name) then 'the table was dropped'
    else (select string_agg(found.problem, '; ') from (
      select freshet.id_column_problem(c.table_name, id_column) as problem
      from unnest(c.id_columns) id_column
      union all
      select 'column version is missing or not bigint'
      where not exists (select from pg_attribute where attrelid = c.table_name and attname = 'version'
        and atttypid = 'bigint'::regtype and attgenerated = '' and not attisdropped)
      union all
      select 'tables that inherit from it are not caught'
      where exists (select from pg_inherits i join pg_class p on p.oid = i.inhparent
        where i.inhparent = c.table_name and p.relkind = 'r')
      union all
      select format('trigger %I on %s is ', e.trigger_name, member) || case
        when t.oid is null then 'missing'
        when t.tgenabled = 'D' then 'disabled'
        when t.tgenabled <> 'A' then 'not enabled always'
        else 'altered' end
      from freshet.tree_of(c.table_name) member
      cross join freshet.expected_triggers(c.service, c.entity, c.id_columns) e
      left join pg_trigger t on t.tgrelid = member and t.tgname = e.trigger_name
      where t.oid is null or t.tgenabled <> 'A' or t.tgtype <> e.type or t.tgqual is not null
        or t.tgfoid <> format('freshet.%I()', e.function_name)::regprocedure
        or t.tgargs <> (select coalesce(
          string_agg(convert_to(argument, getdatabaseencoding()) || '\x00'::bytea, ''::bytea order by n), '')
          from unnest(e.arguments) with ordinality as a (argument, n))
    ) found)
  end
  from freshet.cached_table c
$$;

-- Registers a table (again): adds the column `version` if it is missing, and creates or repairs the triggers.
create or replace function freshet.cache_table("table" regclass, service text, entity text, id_columns text[])
returns void language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  relation pg_class;
  found_problem text;
  highest bigint;
  expected record;
  member regclass;
begin
  select * into strict relation from pg_class where oid = $1;
  if relation.relkind not in ('r', 'p') or relation.relpersistence = 't' then
    raise exception '% is not an ordinary or partitioned table', $1 using errcode = 'wrong_object_type';
  end if;
  select string_agg(freshet.id_column_problem($1, id_column), '; ') into found_problem
    from unnest($4) id_column;
  if found_problem is not null then
    raise exception '% cannot be cached by (%): %', $1, array_to_string($4, ', '), found_problem
      using errcode = 'invalid_parameter_value';
  end if;

  execute format('alter table %s add column if not exists version bigint not null default 0', $1);
  if not exists (select from pg_trigger where tgrelid = $1 and tgname = 'zzz_freshet_version') then
    -- A version above the sequence would survive every invalidation.
    execute format('select max(version) from %s', $1) into highest;
    if highest > (select last_value from freshet.version_seq) then
      raise exception 'column version of % holds %, above freshet.version_seq', $1, highest
        using errcode = 'object_not_in_prerequisite_state', hint = format('update %s set version = 0', $1);
    end if;
  end if;

  -- Under repair: what was written meanwhile went unseen.
  select c.problem into found_problem from freshet.check_cached_tables() c
    where (c.table_name, c.service, c.entity) = ($1::text, $2, $3);

  insert into freshet.cached_table values ($1, $2, $3, $4)
    on conflict on constraint cached_table_pkey do update set id_columns = excluded.id_columns;
  for expected in select * from freshet.expected_triggers($2, $3, $4) loop
    for member in select tree_of from freshet.tree_of($1) where tree_of = $1 or not expected.cloned loop
      execute format('create or replace trigger %I %s on %s for each %s execute function freshet.%I(%s)',
        expected.trigger_name, expected.timing, member, expected.level, expected.function_name,
        (select string_agg(quote_literal(argument), ', ' order by n)
           from unnest(expected.arguments) with ordinality as a (argument, n)));
      execute format('alter table %s enable always trigger %I', member, expected.trigger_name);
    end loop;
  end loop;

  if found_problem is not null then
    perform freshet.invalidate($2, $3);
  end if;
end $$;

-- Takes a registration back and empties the caches of its entity, which nobody keeps fresh from here on.
-- The column `version` stays. With a null table: the registrations of this entity whose table was dropped.
create or replace function freshet.uncache_table("table" regclass, service text, entity text)
returns void language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  expected record;
  member regclass;
begin
  delete from freshet.cached_table c where c.service = $2 and c.entity = $3
    and (c.table_name = $1 or $1 is null and not exists (select from pg_class where oid = c.table_name));
  if not found then
    return;
  end if;
  for expected in select * from freshet.expected_triggers($2, $3, '{}') loop
    if expected.trigger_name <> 'zzz_freshet_version'
       or not exists (select from freshet.cached_table c where c.table_name = $1) then
      for member in select relation from freshet.tree_of($1) relation join pg_class on oid = relation
        where relation = $1 or not expected.cloned loop
        execute format('drop trigger if exists %I on %s', expected.trigger_name, member);
      end loop;
    end if;
  end loop;
  perform freshet.invalidate($2, $3);
end $$;

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

-- SECURITY DEFINER functions serve the triggers only: firing a trigger needs no right to execute.
revoke all on function freshet.draw_version(), freshet.record_row(), freshet.record_truncate() from public;
