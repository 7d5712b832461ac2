import { type Clock, withDrift } from '@freshet/cache-core/protocol';
import type { RelayLogger } from '../domain/complaints.ts';
import type { RedisLink } from '../domain/redis-link.ts';
import type { DomainInspection } from '../inspection/domain-inspection.ts';
import type { Finding } from '../operator-api/schemas/audit.ts';
import type { AuditBoardContent } from './audit-board.ts';
import type { AuditCounters, AuditGauges } from './audit-metrics.ts';
import type { AuditStore, RegisteredSchema } from './audit-store.ts';
import { ConsistencyCount, consistencyOf } from './consistency.ts';
import { type Copy, nameOf, type NamedKey, nameOfParts, standing, type Verdict } from './copy.ts';
import { Findings, type OpenFinding } from './findings.ts';
import { KeyScan } from './key-scan.ts';
import { type Look, look } from './look.ts';
import { parsePhysicalKey, schemaOf } from './physical-name.ts';
import { type Suspect, Suspects, survived } from './suspects.ts';
import { TtlSearch } from './ttl-search.ts';

export interface AuditDependencies {
  domain: string;
  inspection: DomainInspection;
  redis: Pick<RedisLink, 'protocol'>;
  store: AuditStore;
  clock: Clock;
  /** Keys that one round looks at, in every layer. */
  keysPerRound: number;
  logger: RelayLogger;
  counters: Pick<AuditCounters, 'sampled'>;
}

/** On top of what was promised: the look itself, and what waited for its turn. */
const BOUND_MARGIN_MS = 500;
/** Of each round, at least this share goes over all keys in turn, however many are invalidated. */
const SCANNED = 0.4;
/** Entries that replicas pick from their memories, by the keys of a round. */
const SAMPLED = 0.25;
const SETTINGS_KNOWN_MS = 10_000;
/** Findings of one round whose invalidation is searched for: each reads the whole outbox. */
const SEARCHED = 5;

interface Settings {
  schemas: RegisteredSchema[];
  services: string[];
  /** How long after a commit nobody may get the old value any more. */
  boundMs: number;
  /** On the monotonic clock. */
  until: number;
}

/** A key in Redis, of a schema version that is registered or of none. */
interface MetKey {
  physical: string;
  named: NamedKey | undefined;
  schema: RegisteredSchema | undefined;
}

/**
 * Compares what caches hold with what Postgres has, round by round, without touching any of them.
 *
 * A round looks at keys that were invalidated since the last, at the next of all keys in Redis, and at some that replicas
 * pick from their memories: first in the caches, then in Postgres. A copy that is not its row's version is a suspect, and is
 * looked at again once what was promised must have been kept; if it is still there, it is a finding.
 */
export class Audit {
  readonly #deps: AuditDependencies;
  readonly #suspects = new Suspects();
  readonly #findings: Findings;
  readonly #ttl = new TtlSearch();
  readonly #scan: KeyScan;
  #count = new ConsistencyCount();
  #settings: Settings | null = null;
  /** Of the last invalidation that was looked at. */
  #appliedNo = '0';
  /** That answered the last round. */
  #replicas = 1;

  constructor(dependencies: AuditDependencies) {
    this.#deps = dependencies;
    this.#findings = new Findings(dependencies.domain);
    this.#scan = new KeyScan(dependencies.inspection.redis);
  }

  /** Goes on from what another relay has found. */
  restore({ buckets, findings, ttlScan }: AuditBoardContent): void {
    this.#count = new ConsistencyCount(buckets);
    this.#findings.restore(findings);
    this.#ttl.result = ttlScan;
  }

  get content(): Omit<AuditBoardContent, 'auditor'> {
    return {
      buckets: this.#count.buckets,
      findings: this.#findings.list,
      ttlScan: this.#ttl.result,
    };
  }

  get gauges(): AuditGauges {
    return {
      consistency: consistencyOf(this.#count.buckets, this.#deps.clock.wallMs()),
      findings: { l1: this.#findings.open('l1'), l2: this.#findings.open('l2') },
      keysWithoutTtl: this.#ttl.keysWithoutTtl,
    };
  }

  /** Answers whether a finding came or went. Rejects when Redis or Postgres is away: then nothing is said of anything. */
  async round(): Promise<boolean> {
    const { clock, redis, inspection, keysPerRound } = this.#deps;
    const begun = clock.monotonicMs();
    // Before the caches: a copy that is older than this watermark has outlived it.
    const { blessed, validFrom, asOf } = await redis.protocol.status();
    if (!blessed) return false;
    const { schemas, services, boundMs } = await this.#knownSettings(begun);
    const due = this.#suspects.due(begun, boundMs);
    // Once, for later in the round more of them are due: those were not looked at.
    const open = this.#findings.due(begun);
    const { invalidated, appliedNo } = await this.#invalidated(Math.ceil(keysPerRound * (1 - SCANNED)));
    const page = await this.#nextPage(Math.max(1, keysPerRound - invalidated.size), services, schemas);
    const seen = await look({
      inspection,
      keys: unique([
        ...due.map(({ copy }) => copy.named),
        ...open.map(({ named }) => named),
        ...[...invalidated.keys()].map(nameOf),
        ...page.met.map(({ named }) => named),
      ]),
      schemas,
      validFrom: validFrom ?? 0,
      sample: Math.ceil((keysPerRound * SAMPLED) / Math.max(1, this.#replicas)),
    });
    this.#replicas = seen.answered.size;
    await this.#judge(seen, invalidated);
    // Not before: keys of a round that failed are looked at by the next.
    this.#appliedNo = appliedNo;
    const found = await this.#decide(due, seen, asOf);
    const resolved = this.#lookAgain(open, seen);
    await this.#meet(page, seen);
    return found || resolved;
  }

  async #knownSettings(now: number): Promise<Settings> {
    if (this.#settings === null || now > this.#settings.until) {
      const [schemas, maxStalenessMs] = await Promise.all([
        this.#deps.store.schemas(),
        this.#deps.store.maxStalenessMs(),
      ]);
      this.#settings = {
        schemas,
        services: [...new Set(schemas.map(({ service }) => service))],
        boundMs: withDrift(maxStalenessMs) + BOUND_MARGIN_MS,
        until: now + SETTINGS_KNOWN_MS,
      };
    }
    return this.#settings;
  }

  /** By logical key, for how long it has been invalid; of many keys, those that were invalidated last. */
  async #invalidated(limit: number): Promise<{ invalidated: Map<string, number>; appliedNo: string }> {
    const rows = await this.#deps.store.invalidatedSince(this.#appliedNo, limit);
    const invalidated = new Map<string, number>();
    for (const row of rows) {
      const { key } = nameOfParts(row);
      if (!invalidated.has(key)) invalidated.set(key, row.agoMs);
    }
    return { invalidated, appliedNo: rows[0]?.appliedNo ?? this.#appliedNo };
  }

  async #nextPage(count: number, services: readonly string[], schemas: readonly RegisteredSchema[]) {
    const { keys, ended } = await this.#scan.page(count, services);
    const met = keys.map((physical): MetKey => {
      const parsed = parsePhysicalKey(physical);
      const schema = parsed === null ? undefined : schemaOf(parsed, schemas);
      return { physical, schema, named: schema === undefined ? undefined : parsed?.named };
    });
    return { met, ended };
  }

  async #judge(seen: Look, invalidated: ReadonlyMap<string, number>): Promise<void> {
    const { clock, inspection } = this.#deps;
    const suspects: Pick<Suspect, 'copy' | 'standing' | 'rowVersion'>[] = [];
    for (const copy of seen.copies.values()) {
      const row = seen.rows.get(copy.named.key);
      if (row === undefined || 'unknown' in row || this.#suspects.has(copy.id)) continue;
      const how = standing(copy, row);
      const invalidatedMs = invalidated.get(copy.named.key);
      if (how === 'unknown') continue;
      if (how === 'same') this.#sampled(copy, 'consistent');
      else if (this.#findings.has(copy)) this.#sampled(copy, 'stale');
      else if (how !== 'unversioned' || (invalidatedMs !== undefined && survived(copy, invalidatedMs)))
        suspects.push({ copy, standing: how, rowVersion: row.version });
      else this.#sampled(copy, 'unversioned');
    }
    if (suspects.length === 0) return;
    const seenAt = clock.monotonicMs();
    // Redis's clock once more, now that the rows were read.
    const { timeMs } = await inspection.peek([]);
    for (const suspect of suspects) this.#suspects.add({ ...suspect, seenAt, redisMs: timeMs });
  }

  async #decide(due: readonly Suspect[], seen: Look, asOf: number | null): Promise<boolean> {
    let found = 0;
    let notKept = 0;
    for (const suspect of due) {
      const now = this.#deps.clock.monotonicMs();
      const decision = this.#suspects.decide(suspect, seen, { now, asOf });
      if (decision === 'in-flight') this.#sampled(suspect.copy, 'in-flight');
      if (decision !== 'stale') continue;
      this.#sampled(suspect.copy, 'stale');
      if (!this.#findings.hasRoom(suspect.copy.id)) {
        notKept++;
        continue;
      }
      found++;
      const copy = seen.copies.get(suspect.copy.id) ?? suspect.copy;
      await this.#find(suspect, copy, { search: found <= SEARCHED });
    }
    const { domain, logger } = this.#deps;
    if (notKept > 0) logger.error({ domain, notKept }, 'audit: more is older than promised than is kept');
    return found > 0;
  }

  async #find(
    { standing: how, rowVersion, seenAt }: Suspect,
    copy: Copy,
    { search }: { search: boolean },
  ): Promise<void> {
    const { domain, store, clock, logger } = this.#deps;
    const removable = search && (how === 'older' || how === 'deleted');
    const missed = removable ? await store.missed(copy.named, copy.version) : null;
    const now = clock.monotonicMs();
    const { finding, replaced } = this.#findings.add(copy, rowVersion, missed, {
      now,
      wallMs: clock.wallMs(),
      seenMs: now - seenAt,
    });
    if (replaced !== null) this.#gone(replaced);
    logger.error({ ...finding, domain, finding: finding.id }, 'audit: a cached value is older than promised');
  }

  #lookAgain(open: readonly OpenFinding[], seen: Look): boolean {
    const { clock } = this.#deps;
    const times = { now: clock.monotonicMs(), wallMs: clock.wallMs() };
    const resolved = this.#findings.update(open, seen, times);
    for (const finding of resolved) this.#gone(finding);
    return resolved.length > 0;
  }

  #gone(finding: Finding): void {
    const { domain, logger } = this.#deps;
    logger.info({ ...finding, domain, finding: finding.id }, 'audit: what was found is gone');
  }

  async #meet({ met, ended }: { met: readonly MetKey[]; ended: boolean }, seen: Look): Promise<void> {
    const strange = met.filter(({ physical }) => !seen.inL2.has(physical)).map(({ physical }) => physical);
    const { values } = strange.length === 0 ? { values: [] } : await this.#deps.inspection.peek(strange);
    const others = new Map(strange.map((physical, index) => [physical, values[index]]));
    for (const { physical, schema } of met) {
      const value = seen.inL2.get(physical) ?? others.get(physical);
      if (value !== undefined) this.#ttl.meet(physical, value, schema, seen.redisMs);
    }
    if (ended) this.#ttl.end(new Date(this.#deps.clock.wallMs()).toISOString());
  }

  #sampled({ layer }: Copy, verdict: Verdict): void {
    this.#deps.counters.sampled(layer, verdict);
    if (verdict !== 'unversioned') this.#count.add(layer, verdict === 'stale', this.#deps.clock.wallMs());
  }
}

function unique(keys: readonly (NamedKey | null | undefined)[]): NamedKey[] {
  const named = keys.filter((key) => key !== null && key !== undefined);
  return [...new Map(named.map((key) => [key.key, key])).values()];
}
