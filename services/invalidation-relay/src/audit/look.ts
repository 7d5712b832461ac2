import { type InspectionAnswer, MOST_ASKED, type Peeked, physicalKey } from '@freshet/cache-core/protocol';
import type { DomainInspection } from '../inspection/domain-inspection.ts';
import type { RowVersion } from '../inspection/origin-versions.ts';
import type { RegisteredSchema } from './audit-store.ts';
import { type Copy, idOfL1, nameOf, type NamedKey } from './copy.ts';

/** A key as it is in Redis, of a schema version that is registered. */
interface PhysicalKey {
  readonly physical: string;
  readonly named: NamedKey;
}

/** All that was seen of some keys in one look: caches first, rows after. */
export interface Look {
  /** Every copy that a reader would get, by its id. */
  readonly copies: ReadonlyMap<string, Copy>;
  /** What stands under each physical key, and Redis's clock when it did. */
  readonly inL2: ReadonlyMap<string, Peeked>;
  readonly redisMs: number;
  /** By logical key. */
  readonly rows: ReadonlyMap<string, RowVersion>;
  /** Of the replicas that answered. */
  readonly answered: ReadonlySet<string>;
}

export interface LookOptions {
  readonly inspection: Pick<DomainInspection, 'askReplicas' | 'peek' | 'origin'>;
  readonly keys: readonly NamedKey[];
  readonly schemas: readonly RegisteredSchema[];
  /** Entries of older blessings are void. */
  readonly validFrom: number;
  /** Entries of each replica's memory to look at, besides the keys. */
  readonly sample: number;
}

/** Rejects when Redis or Postgres is away. */
export async function look({ inspection, keys, schemas, validFrom, sample }: LookOptions): Promise<Look> {
  const physical = keys.flatMap((named) => physicalKeysOf(named, schemas));
  const [answers, { timeMs, values }] = await Promise.all([
    askAll(inspection, keys, sample),
    peekAll(inspection, physical),
  ]);
  const copies = new Map<string, Copy>();
  for (const copy of inL2(physical, values, { timeMs, validFrom })) copies.set(copy.id, copy);
  for (const answer of answers) for (const copy of inL1(answer)) copies.set(copy.id, copy);
  const named = new Map([...copies.values()].map((copy) => [copy.named.key, copy.named]));
  return {
    copies,
    inL2: new Map(physical.flatMap((key, index) => entryOf(key.physical, values[index]))),
    redisMs: timeMs,
    // Only now: a copy of a row that lives is then never ahead of it.
    rows: await readRows(inspection, [...named.values()]),
    answered: new Set(answers.map(({ replica }) => replica.replicaId)),
  };
}

export function physicalKeysOf(named: NamedKey, schemas: readonly RegisteredSchema[]): PhysicalKey[] {
  const { service, entity, idParts } = named;
  return schemas
    .filter((schema) => schema.service === service && schema.entity === entity)
    .map(({ number }) => ({ physical: physicalKey(service, entity, number, idParts), named }));
}

async function peekAll(
  inspection: Pick<DomainInspection, 'peek'>,
  keys: readonly PhysicalKey[],
): Promise<{ timeMs: number; values: Peeked[] }> {
  const pages = await Promise.all(
    pagesOf(keys).map((page) => inspection.peek(page.map(({ physical }) => physical))),
  );
  return { timeMs: pages[0]?.timeMs ?? 0, values: pages.flatMap(({ values }) => values) };
}

async function askAll(
  inspection: Pick<DomainInspection, 'askReplicas'>,
  keys: readonly NamedKey[],
  sample: number,
): Promise<InspectionAnswer[]> {
  const [first = [], ...more] = pagesOf(keys);
  const questions = [
    { keys: first.map(({ key }) => key), sample },
    ...more.map((page) => ({ keys: page.map(({ key }) => key) })),
  ];
  return (await Promise.all(questions.map((question) => inspection.askReplicas(question)))).flat();
}

function* inL2(
  keys: readonly PhysicalKey[],
  values: readonly Peeked[],
  { timeMs, validFrom }: { timeMs: number; validFrom: number },
): Generator<Copy> {
  for (const [index, { physical, named }] of keys.entries()) {
    const value = values[index];
    if (value?.kind !== 'entry' || value.blessing < validFrom) continue;
    yield {
      id: physical,
      layer: 'l2',
      replicaId: null,
      instance: null,
      named,
      place: physical,
      version: value.version,
      found: value.found,
      // Of what has no version the age matters: on Redis's clock, whatever its writer's says.
      ageMs: Math.max(0, value.expiresInMs === null ? timeMs - value.at : value.ttlMs - value.expiresInMs),
    };
  }
}

/** What is not proven, or has expired, no reader gets. */
function* inL1({ replica, held, sample }: InspectionAnswer): Generator<Copy> {
  const { replicaId, instance } = replica;
  for (const { key, version, found, ageMs, served } of [...held, ...sample]) {
    const named = nameOf(key);
    if (!served || named === null) continue;
    yield {
      id: idOfL1(replicaId, key),
      layer: 'l1',
      replicaId,
      instance,
      named,
      place: key,
      version,
      found,
      ageMs,
    };
  }
}

async function readRows(
  { origin }: Pick<DomainInspection, 'origin'>,
  keys: readonly NamedKey[],
): Promise<Map<string, RowVersion>> {
  const byEntity = Map.groupBy(keys, ({ service, entity }) => `${service}:${entity}`);
  const read = await Promise.all(
    [...byEntity.values()].map(async (group) => {
      const [{ service, entity } = { service: '', entity: '' }] = group;
      const versions = await origin.read(
        service,
        entity,
        group.map(({ idParts }) => idParts),
      );
      return group.map(({ key }, index) => [key, versions[index] ?? { unknown: 'not asked' }] as const);
    }),
  );
  return new Map(read.flat());
}

function entryOf<Value>(key: string, value: Value | undefined): [string, Value][] {
  return value === undefined ? [] : [[key, value]];
}

function pagesOf<Item>(items: readonly Item[]): Item[][] {
  const pages: Item[][] = [];
  for (let start = 0; start < items.length; start += MOST_ASKED) {
    pages.push(items.slice(start, start + MOST_ASKED));
  }
  return pages;
}
