import { Redis } from 'ioredis';
import type { HeldProbe, HistoryWriter, OperationRecord } from '../contract.ts';
import { Client } from './client.ts';
import { type Entity, entities } from './entity.ts';
import { Http } from './http.ts';
import { Random } from '../random.ts';
import { Sql } from './sql.ts';
import type { World } from './world.ts';

/** A read that finds L1 empty fills it, so the next one is answered from there, unless something is amiss. */
const TRIES = 3;
const AT_ONCE = 16;
/** Of the values in Redis that this looks for: no more versions than a rolling deploy ever has. */
const SCHEMA_VERSIONS = ['', 'v2:', 'v3:'];

/** Writes down what Postgres, Redis and the memory of every replica hold of each key; and what is left in the outboxes. */
export async function lookAround(before: World, history: HistoryWriter): Promise<void> {
  const world: World = { ...before, http: new Http(), sql: new Sql(before.target) };
  const redis = new Redis(world.target.redisCache);
  try {
    for (const entity of Object.values(entities)) {
      const ids = [...world.keys[entity.kind].ids];
      await lookIntoPostgres(world, entity, ids, history);
      await lookIntoRedis(redis, entity, ids, history);
      await lookIntoMemories(world, entity, ids, history);
    }
    await lookIntoOutboxes(world, history);
    await lookForDeadLetters(world, history);
  } finally {
    redis.disconnect();
    await Promise.all([world.http.close(), world.sql.close()]);
  }
}

async function lookIntoPostgres(
  { sql }: World,
  { domain, table, idColumn, valueColumn, kind }: Entity,
  ids: readonly string[],
  history: HistoryWriter,
): Promise<void> {
  const text = `select ${idColumn}::text as id, version::text, ${valueColumn} as value from ${table} where ${idColumn}::text = any($1)`;
  const { rows } = await sql.run(domain, text, [ids]);
  const stored = new Map(rows.map((row) => [row['id'], row]));
  for (const key of ids) {
    const row = stored.get(key);
    const held = { version: textOf(row?.['version']), value: valueOf(row?.['value']) };
    append(history, { kind, key, place: 'postgres', ...held });
  }
}

async function lookIntoRedis(
  redis: Redis,
  { domain, redisKey, valueField, kind }: Entity,
  ids: readonly string[],
  history: HistoryWriter,
): Promise<void> {
  if (ids.length === 0) return;
  const [service, entity] = redisKey.split(':');
  const validFrom = Number(await redis.hget(`{coherence:${domain}}:head`, 'validFrom'));
  for (const schema of SCHEMA_VERSIONS) {
    const texts = await redis.mget(ids.map((id) => `${service}:${schema}${entity}:${id}`));
    for (const [index, key] of ids.entries()) {
      const entry = entryIn(texts[index] ?? null);
      // Of a blessing before that, it counts as absent.
      if (entry === undefined || entry.b < validFrom) continue;
      const value = valueField === null ? null : valueOf(entry.d?.[valueField]);
      append(history, { kind, key, place: 'l2', version: entry.d === null ? null : entry.v, value });
    }
  }
}

async function lookIntoMemories(
  world: World,
  entity: Entity,
  ids: readonly string[],
  history: HistoryWriter,
): Promise<void> {
  const replicas = world.target.replicas.filter(({ service }) => service === entity.service);
  for (const [lane, { name }] of replicas.entries()) {
    const client = new Client(world, `look-${name}`, lane, new Random(0));
    const waiting = [...ids];
    const work = async (): Promise<void> => {
      for (let key = waiting.pop(); key !== undefined; key = waiting.pop()) {
        const seen = await readFromMemory(client, entity, key);
        if (seen === undefined) {
          const at = performance.now();
          history.append({ t: 'probe', what: 'unseen', at, kind: entity.kind, key, replica: name });
        } else {
          const { version, value } = seen;
          append(history, { kind: entity.kind, key, place: 'l1', replica: name, version, value });
        }
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
  }
}

/** undefined: its memory does not answer. */
async function readFromMemory(
  client: Client,
  entity: Entity,
  key: string,
): Promise<OperationRecord | undefined> {
  for (let count = 0; count < TRIES; count++) {
    const read = await client.read(entity, key);
    if (read.layer === 'l1') return read;
  }
  return undefined;
}

async function lookIntoOutboxes({ sql }: World, history: HistoryWriter): Promise<void> {
  for (const domain of ['user', 'inventory'] as const) {
    const { rows } = await sql.run(
      domain,
      'select count(*)::int as count from freshet.invalidation_outbox where applied_at is null and dead_at is null',
      [],
    );
    const count = Number(rows[0]?.['count']);
    history.append({ t: 'probe', what: 'pending', at: performance.now(), domain, count });
  }
}

async function lookForDeadLetters({ sql }: World, history: HistoryWriter): Promise<void> {
  for (const domain of ['user', 'inventory'] as const) {
    const { rows } = await sql.run(
      domain,
      'select id::text, dead_reason from freshet.invalidation_outbox where dead_at is not null',
      [],
    );
    for (const row of rows) {
      history.append({
        t: 'probe',
        what: 'dead-letter',
        at: performance.now(),
        domain,
        id: textOf(row['id']) ?? '',
        reason: textOf(row['dead_reason']),
      });
    }
  }
}

/** An entry as it stands in Redis; undefined for anything else that a key may hold. */
function entryIn(
  text: string | null,
): { v: string; b: number; d: Record<string, unknown> | null } | undefined {
  return text?.startsWith('{"v":"') === true ? JSON.parse(text) : undefined;
}

function append(history: HistoryWriter, held: Omit<HeldProbe, 't' | 'what' | 'at'>): void {
  history.append({ t: 'probe', what: 'held', at: performance.now(), ...held });
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}

function valueOf(value: unknown): string | number | null {
  return typeof value === 'string' || typeof value === 'number' ? value : null;
}
