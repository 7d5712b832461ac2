import { type Peeked, physicalKey } from '@freshet/cache-core/protocol';
import type { OpenDomain } from '../domain/open-domain.ts';
import type { InspectedKey } from '../operator-api/schemas/keys.ts';
import type { RowVersion } from './origin-versions.ts';
import { askKnownReplicas } from './replica-answers.ts';

interface NamedKey {
  key: string;
  service: string;
  entity: string;
  idParts: readonly string[];
}

/** One key in every layer at about the same time. Rejects when Redis or Postgres is away. */
export async function inspectKey(domain: OpenDomain, named: NamedKey): Promise<InspectedKey> {
  const { key, service, entity, idParts } = named;
  const [origin, l2, replicas, pending] = await Promise.all([
    domain.inspection.origin.read(service, entity, [idParts]),
    inL2(domain, named),
    askKnownReplicas(domain, { keys: [key] }),
    domain.operators.pending(named),
  ]);
  return {
    key,
    domain: domain.name,
    service,
    entity,
    idParts: [...idParts],
    origin: toOrigin(origin[0]),
    l2,
    replicas: replicas.map(({ replicaId, instance, answer }) => {
      const held = answer?.held.find((entry) => entry.key === key);
      const l1 = held === undefined ? null : { version: held.version, ageMs: held.ageMs, ttlMs: held.ttlMs };
      return { replicaId, instance, answered: answer !== null, l1 };
    }),
    pending,
  };
}

async function inL2(
  { outbox, redis, inspection }: OpenDomain,
  { service, entity, idParts }: NamedKey,
): Promise<InspectedKey['l2']> {
  const [registered, { validFrom }] = await Promise.all([outbox.schemaVersions(), redis.protocol.status()]);
  const keys = registered
    .filter((each) => each.service === service && each.entity === entity)
    .map(({ number }) => ({ number, physical: physicalKey(service, entity, number, idParts) }))
    .toSorted((a, b) => a.number - b.number);
  const { timeMs, values } = await inspection.peek(keys.map(({ physical }) => physical));
  return keys.flatMap(({ number, physical }, index) => {
    const value = values[index];
    if (value === undefined) return [];
    const entry = value.kind === 'entry' ? value : null;
    return {
      schemaVersion: number,
      physicalKey: physical,
      state: stateOf(value, validFrom ?? 0),
      version: entry?.version ?? null,
      ageMs: entry === null ? null : Math.max(0, timeMs - entry.at),
      ttlMs: entry?.ttlMs ?? null,
      expiresInMs: value.expiresInMs,
      blessing: entry?.blessing ?? null,
    };
  });
}

function stateOf(value: Peeked, validFrom: number): InspectedKey['l2'][number]['state'] {
  switch (value.kind) {
    case 'entry':
      return value.blessing < validFrom ? 'void' : 'entry';
    case 'lease':
      return 'filling';
    case 'fence':
      return 'fenced';
    case 'garbage':
      return 'unreadable';
    case 'absent':
    case 'dead':
      return 'absent';
  }
}

function toOrigin(row: RowVersion | undefined): InspectedKey['origin'] {
  if (row === undefined) return { version: null };
  return 'unknown' in row ? { version: null, error: row.unknown } : { version: row.version };
}
