-- Registering tables, and checking that what was registered still holds.

-- Why a column cannot be part of an id; null if it can. An id travels as text, so a type whose text depends
-- on session settings, or that prints equal values in several ways, would name keys that no reader asks for.
create or replace function freshet.id_column_problem("table" regclass, id_column text) returns text
language sql stable set search_path = pg_catalog, pg_temp as $$
  with recursive resolved as (
    select t.typname, t.typtype, t.typbasetype, a.attgenerated
    from pg_attribute a join pg_type t on t.oid = a.atttypid
    where a.attrelid = $1 and a.attname = $2 and a.attnum > 0 and not a.attisdropped
    union all
    select t.typname, t.typtype, t.typbasetype, r.attgenerated
    from resolved r join pg_type t on t.oid = r.typbasetype
  )
  select case
    when not exists (select from resolved) then format('column %I does not exist', $2)
    when exists (select from resolved where attgenerated = 'v') then format('column %I is virtual', $2)
    when not exists (select from resolved
      where typtype = 'e' or typname in ('int2', 'int4', 'int8', 'uuid', 'text', 'varchar', 'citext', 'name'))
    then format('column %I has a type without one fixed text form', $2)
  end
$$;

-- Why the column `version` cannot be a version; null if it can, or if it is not there.
create or replace function freshet.version_column_problem("table" regclass) returns text
language sql stable set search_path = pg_catalog, pg_temp as $$
  select 'column version is not a plain bigint not null' from pg_attribute
  where attrelid = $1 and attname = 'version' and not attisdropped
    and not (atttypid = 'bigint'::regtype and attnotnull and attgenerated = '')
$$;

-- The table and, if it is partitioned, all its partitions: statement triggers are not cloned to those.
create or replace function freshet.tree_of("table" regclass) returns setof regclass
language sql stable set search_path = pg_catalog, pg_temp as $$
  select $1 union select relid from pg_partition_tree($1)
$$;

-- The triggers of a registered table. Postgres refuses to drop a column that a condition mentions, or to
-- change its type, which running sessions would not survive: so uncache the table first, then cache it again.
-- type is pg_trigger.tgtype: 1 row, 2 before, 4 insert, 8 delete, 16 update, 32 truncate.
create or replace function freshet.expected_triggers(service text, entity text, id_columns text[])
returns table (name name, type smallint, event text, condition text, function_name name, arguments text[])
language sql stable set search_path = pg_catalog, pg_temp as $$
  with of_id as (
    select
      string_agg(format('new.%I is not null', id_column), ' and ') as new_is_known,
      string_agg(format('old.%I is not null', id_column), ' and ') as old_is_known,
      -- As text, byte by byte: a collation or citext may call two spellings equal, but they are two keys.
      string_agg(format('old.%1$I::text collate "C" is distinct from new.%1$I::text collate "C"', id_column), ' or ') as has_changed
    from unnest($3) id_column
  ), shared as (
    select left(md5($1 || ':' || $2), 12) as suffix, freshet.record_function_name($3) as record_row
  )
  select t.name::name, t.type::smallint, t.event, t.condition, t.function_name::name, t.arguments
  from of_id, shared, lateral (values
    ('zzz_freshet_version', 23, 'before insert or update', null, 'draw_version', '{}'::text[]),
    ('zzz_freshet_written_' || suffix, 21, 'after insert or update', new_is_known, record_row, array[$1, $2, 'new']),
    ('zzz_freshet_rekeyed_' || suffix, 17, 'after update', format('%s and (%s)', old_is_known, has_changed), record_row, array[$1, $2, 'old']),
    ('zzz_freshet_deleted_' || suffix, 9, 'after delete', old_is_known, record_row, array[$1, $2, 'old']),
    ('zzz_freshet_truncated_' || suffix, 32, 'after truncate', null, 'record_truncate', array[$1, $2])
  ) as t (name, type, event, condition, function_name, arguments)
$$;

-- What keeps registered tables from being caught in full: a row for each registration, problem null if nothing.
create or replace function freshet.check_cached_tables()
returns table (table_name text, service text, entity text, problem text)
language sql stable set search_path = pg_catalog, pg_temp as $$
  select c.table_name::text, c.service, c.entity, case
    when not exists (select from pg_class where oid = c.table_name) then 'the table was dropped'
    else (select string_agg(found.problem, '; ' order by found.problem) from (
      select freshet.id_column_problem(c.table_name, id_column) as problem
      from unnest(c.id_columns) id_column
      union all
      select freshet.version_column_problem(c.table_name)
      union all
      select 'column version does not exist'
      where not exists (select from pg_attribute where attrelid = c.table_name and attname = 'version' and not attisdropped)
      union all
      select 'tables that inherit from it are not caught'
      where exists (select from pg_inherits join pg_class parent on parent.oid = inhparent
        where inhparent = c.table_name and parent.relkind = 'r')
      union all
      select format('trigger %I on %s is ', e.name, member) || case
        when t.oid is null then 'missing'
        when t.tgenabled = 'D' then 'disabled'
        when t.tgenabled <> 'A' then 'not enabled always'
        else 'altered' end
      from freshet.tree_of(c.table_name) member
      cross join freshet.expected_triggers(c.service, c.entity, c.id_columns) e
      left join pg_trigger t on t.tgrelid = member and t.tgname = e.name
      where t.oid is null or t.tgenabled <> 'A' or t.tgtype <> e.type
        or (t.tgqual is null) <> (e.condition is null)
        or t.tgfoid is distinct from to_regprocedure(format('freshet.%I()', e.function_name))
        or t.tgargs <> (select coalesce(
          string_agg(convert_to(argument, getdatabaseencoding()) || decode('00', 'hex'), ''::bytea order by n), '')
          from unnest(e.arguments) with ordinality as a (argument, n))
    ) found)
  end
  from freshet.cached_table c
$$;

-- Registers a table, or repairs it: adds the column `version` if it is missing, and creates the triggers.
create or replace function freshet.cache_table("table" regclass, service text, entity text, id_columns text[])
returns void language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  found_problem text;
  highest bigint;
  expected record;
  member regclass;
begin
  if not exists (select from pg_class where oid = $1 and relkind in ('r', 'p') and relpersistence <> 't') then
    raise exception '% is not an ordinary or partitioned table', $1 using errcode = 'wrong_object_type';
  end if;
  select string_agg(problem, '; ') into found_problem from (
    select freshet.version_column_problem($1)
    union all
    select freshet.id_column_problem($1, id_column) from unnest($4) id_column
  ) as problems (problem);
  if found_problem is not null then
    raise exception '% cannot be cached by (%): %', $1, array_to_string($4, ', '), found_problem
      using errcode = 'invalid_parameter_value';
  end if;

  -- Not by ADD COLUMN IF NOT EXISTS, which would lock out readers even when there is nothing to add.
  if not exists (select from pg_attribute where attrelid = $1 and attname = 'version' and not attisdropped) then
    execute format('alter table %s add column version bigint not null default 0', $1);
  end if;
  if not exists (select from pg_trigger where tgrelid = $1 and tgname = 'zzz_freshet_version') then
    execute format('select max(version) from %s', $1) into highest;
    if highest > (select last_value from freshet.version_seq) then
      raise exception 'column version of % holds %, above freshet.version_seq: invalidations would not reach it',
        $1, highest using errcode = 'object_not_in_prerequisite_state', hint = format('update %s set version = 0', $1);
    end if;
  end if;

  select c.problem into found_problem from freshet.check_cached_tables() c
    where (c.table_name, c.service, c.entity) = ($1::text, $2, $3);
  insert into freshet.cached_table values ($1, $2, $3, $4)
    on conflict on constraint cached_table_pkey do update set id_columns = excluded.id_columns;
  perform freshet.create_record_function($4);
  for expected in select * from freshet.expected_triggers($2, $3, $4) loop
    for member in select tree_of from freshet.tree_of($1)
      -- Row triggers clone themselves.
      where tree_of = $1 or expected.type = 32
    loop
      execute format('create or replace trigger %I %s on %s for each %s %s execute function freshet.%I(%s)',
        expected.name, expected.event, member,
        case when expected.type = 32 then 'statement' else 'row' end,
        'when (' || expected.condition || ')', expected.function_name,
        (select string_agg(quote_literal(argument), ', ' order by n)
           from unnest(expected.arguments) with ordinality as a (argument, n)));
      execute format('alter table %s enable always trigger %I', member, expected.name);
    end loop;
  end loop;

  -- A repair: what was written before it went unseen.
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
  perform freshet.invalidate($2, $3);
  for expected in select * from freshet.expected_triggers($2, $3, array['id']) loop
    -- One trigger draws versions for all entities of a table.
    continue when expected.name = 'zzz_freshet_version'
      and exists (select from freshet.cached_table c where c.table_name = $1);
    for member in select oid::regclass from freshet.tree_of($1) join pg_class on oid = tree_of
      where tree_of = $1 or expected.type = 32
    loop
      execute format('drop trigger if exists %I on %s', expected.name, member);
    end loop;
  end loop;
end $$;
