import { type Peeked, withDrift } from '@freshet/cache-core/protocol';
import type { TtlScan } from '../operator-api/schemas/audit.ts';
import type { RegisteredSchema } from './audit-store.ts';

const SHOWN = 20;
/** What the clocks of a writer and of Redis may disagree by, with the time that a fill took. */
const MARGIN_MS = 10_000;
/** A TTL is jittered by ± 10 %. */
const JITTER = 1.1;

type Problem = 'withoutTtl' | 'wrongTtl' | 'unknownSchema';

/** What a pass over all keys finds wrong with how long they are kept. */
export class TtlSearch {
  #keys = 0;
  #found: Record<Problem, Set<string>> = noneFound();
  /** Of all, where only some are shown. */
  #withoutTtl = 0;
  result: TtlScan = { scannedAt: null, keys: 0, withoutTtl: [], wrongTtl: [], unknownSchema: [] };
  /** Null before the first pass has ended. */
  keysWithoutTtl: number | null = null;

  /** `schema`: undefined where nobody has registered one. */
  meet(key: string, value: Peeked, schema: RegisteredSchema | undefined, redisMs: number): void {
    if (value.kind === 'absent') return;
    this.#keys++;
    const problem = problemOf(value, schema, redisMs);
    if (problem === null) return;
    const found = this.#found[problem];
    if (problem === 'withoutTtl' && !found.has(key)) this.#withoutTtl++;
    if (found.size < SHOWN) found.add(key);
  }

  /** All keys have been met. */
  end(at: string): void {
    const { withoutTtl, wrongTtl, unknownSchema } = this.#found;
    this.result = {
      scannedAt: at,
      keys: this.#keys,
      withoutTtl: [...withoutTtl],
      wrongTtl: [...wrongTtl],
      unknownSchema: [...unknownSchema],
    };
    this.keysWithoutTtl = this.#withoutTtl;
    this.#keys = this.#withoutTtl = 0;
    this.#found = noneFound();
  }
}

function problemOf(value: Peeked, schema: RegisteredSchema | undefined, redisMs: number): Problem | null {
  // A fence has no TTL, so that it is never evicted; what a dead writer has left is searched for by the relay.
  if (value.kind === 'fence' || value.kind === 'dead') return null;
  if (value.expiresInMs === null) return 'withoutTtl';
  if (schema === undefined || value.kind === 'garbage') return 'unknownSchema';
  if (value.kind !== 'entry') return null;
  // A value may be kept past its lifetime for `staleIfError`: no longer than its schema version says.
  const pastLifetime = Math.max(0, schema.ttlMs - value.ttlMs / JITTER);
  const ends = value.at + value.ttlMs - redisMs;
  const early = value.expiresInMs < ends - MARGIN_MS;
  const late = value.expiresInMs > ends + withDrift(pastLifetime) + MARGIN_MS;
  const long = value.expiresInMs > withDrift(schema.ttlMs * JITTER);
  return early || late || long ? 'wrongTtl' : null;
}

function noneFound(): Record<Problem, Set<string>> {
  return { withoutTtl: new Set(), wrongTtl: new Set(), unknownSchema: new Set() };
}
