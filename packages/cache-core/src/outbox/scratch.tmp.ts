import pg from 'pg';
import { cacheTable, installOutbox } from './install.ts';

const U = (d: string) => `postgres://postgres@127.0.0.1:54329/${d}`;
const admin = new pg.Client(U('postgres'));
await admin.connect();
await admin.query('drop database if exists bench3 with (force)');
await admin.query('create database bench3');
const s = new pg.Client(U('bench3'));
await s.connect();
const ex = (t: string) => s.query(t);
await installOutbox(ex, { domain: 'shop' });
const fn = (name: string, opts: string, body: string) =>
  ex(
    `create function freshet.${name}() returns trigger language plpgsql ${opts} as $$ begin ${body} return null; end $$`,
  );
const full = 'security definer set search_path = pg_catalog, pg_temp';
const ins = (tp: string, tbl = 'freshet.invalidation_outbox') =>
  `insert into ${tbl} (service, entity, id_parts, version, cause, traceparent) values (tg_argv[0], tg_argv[1], array[new.id::text], new.version, lower(tg_op), ${tp});`;
await ex(
  'create table freshet.bare_outbox (like freshet.invalidation_outbox including defaults including identity)',
);
await fn('f_full', full, ins('freshet.current_traceparent()'));
await fn('f_noset', 'security definer', ins('freshet.current_traceparent()'));
await fn('f_notp', full, ins('null'));
await fn('f_noidx', full, ins('freshet.current_traceparent()', 'freshet.bare_outbox'));
await fn(
  'f_tpinline',
  full,
  ins(
    `case when current_setting('freshet.traceparent', true) ~ '^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$' then current_setting('freshet.traceparent', true) end`,
  ),
);
await fn('f_empty', full, '');
const variants = [
  'plain',
  'version',
  'cached',
  'f_full',
  'f_noset',
  'f_notp',
  'f_noidx',
  'f_tpinline',
  'f_empty',
];
for (const v of variants) {
  await ex(
    `create table ${v} (id uuid primary key default gen_random_uuid(), n int unique, name text, email text, avatar_url text, updated_at timestamptz default now(), version bigint not null default 0) with (fillfactor=50)`,
  );
  if (v === 'cached')
    await cacheTable(ex, { table: v, service: 'user', entity: 'profile', idColumns: ['id'] });
  else if (v !== 'plain')
    await ex(
      `create trigger a before insert or update on ${v} for each row execute function freshet.draw_version()`,
    );
  if (v.startsWith('f_'))
    await ex(
      `create trigger b after insert or update on ${v} for each row execute function freshet.${v}('a', 'b')`,
    );
  await ex(
    `insert into ${v} (n, name, email, avatar_url) select i, repeat('n', 50), 'e' || i || '@example.com', repeat('u', 150) from generate_series(1, 500) i`,
  );
}
const c = new pg.Client(U('bench3'));
await c.connect();
await c.query('set synchronous_commit = off');
const samples: Record<string, number[]> = {};
for (let round = 0; round < 11; round++)
  for (const v of variants) {
    await ex('truncate freshet.invalidation_outbox; truncate freshet.bare_outbox');
    await ex(`vacuum ${v}`);
    for (let i = 0; i < 50; i++)
      await c.query({
        name: 'u' + v,
        text: `update ${v} set name = $2 where n = $1`,
        values: [1 + (i % 500), 'x' + i],
      });
    const t = performance.now();
    for (let i = 0; i < 300; i++)
      await c.query({
        name: 'u' + v,
        text: `update ${v} set name = $2 where n = $1`,
        values: [1 + (i % 500), 'x' + i],
      });
    (samples[v] ??= []).push(((performance.now() - t) / 300) * 1000);
  }
const med = (a: number[]) => a.toSorted((x, y) => x - y)[a.length >> 1]!;
for (const v of variants) console.log(v, med(samples[v]!).toFixed(1), Math.min(...samples[v]!).toFixed(1));
for (const x of [s, admin, c]) await x.end();
