import type { Clock, DomainLimits } from '@freshet/cache-core/protocol';
import { Blesser, type BlessingOutcome } from '../blessing/blesser.ts';
import type { BlessingStore } from '../blessing/blessing-store.ts';
import { Drain } from '../drain/drain.ts';
import type { Faults } from '../faults/faults.ts';
import { type FailedChunk, RetryLater, type RetryQueue, type RetryRows } from '../retry/retry-queue.ts';
import type { DomainMetrics } from '../telemetry/domain-metrics.ts';
import { Watermark } from '../watermark/watermark.ts';
import { Complaints, type RelayLogger } from './complaints.ts';
import { FenceSweep } from './fence-sweep.ts';
import { Loop } from './loop.ts';
import type { CachedTableProblem, OutboxStore } from './outbox-store.ts';
import { reasonOf } from './reason-of.ts';
import type { RedisLink } from './redis-link.ts';
import type { RelayTiming } from './relay-timing.ts';
import { Upkeep } from './upkeep.ts';

export interface DomainRelayDependencies {
  domain: string;
  /** Unique for each process: who recorded a blessing. */
  self: string;
  outbox: OutboxStore;
  blessings: BlessingStore;
  redis: RedisLink;
  /** Made with what is to be done with a chunk that is due again. */
  openRetryQueue: (retry: RetryRows) => RetryQueue;
  clock: Clock;
  random: () => number;
  limits: DomainLimits;
  timing: RelayTiming;
  metrics: DomainMetrics;
  faults: Faults;
  logger: RelayLogger;
}

/** What the relay last knew of a domain. */
export interface DomainState {
  phase: 'waiting-for-schema' | 'running' | 'stopped';
  /** What came of the last look; null before the first. */
  blessing: BlessingOutcome | { do: 'unknown'; why: string } | null;
  /** Whether this process has seen the domain under its newest blessing, ever. */
  wasBlessed: boolean;
  /** Why the drain stands still, if it does. */
  standingStill: string | null;
  watermarkAgeMs: number | null;
  tables: CachedTableProblem[];
}

/** What this relay does about the domain's blessing, as operators read it: `blessed` while there is nothing to do. */
export function nameOf({ phase, blessing }: DomainState): string {
  if (blessing === null) return phase;
  return speaksForDomain(blessing) ? 'blessed' : blessing.do;
}

function speaksForDomain(blessing: NonNullable<DomainState['blessing']>): boolean {
  return blessing.do === 'nothing' || blessing.do === 'confirm' || blessing.do === 'blessed';
}

/**
 * Everything that one relay does for one domain. Domains share nothing and do not wait for one another.
 *
 * waiting-for-schema → running → stopped. While running, independent loops: the drain (by poll and by doorbell),
 * the watermark, the watch over the blessing, and upkeep. Each fails, and goes on, alone.
 */
export class DomainRelay {
  readonly #deps: DomainRelayDependencies;
  readonly #drain: Drain;
  readonly #watermark: Watermark;
  readonly #blesser: Blesser;
  readonly #upkeep: Upkeep;
  readonly #fenceSweep: FenceSweep;
  readonly #queue: RetryQueue;
  readonly #loops: Loop[] = [];
  readonly #complaints: Complaints;
  #drainLoop: Loop | null = null;
  #nextReconnectMs = 0;
  #state: DomainState = {
    phase: 'waiting-for-schema',
    blessing: null,
    wasBlessed: false,
    standingStill: null,
    watermarkAgeMs: null,
    tables: [],
  };

  constructor(dependencies: DomainRelayDependencies) {
    const { domain, self, outbox, blessings, redis, clock, random, limits, faults, metrics } = dependencies;
    const { protocol } = redis;
    this.#deps = dependencies;
    this.#complaints = new Complaints(domain, dependencies.logger);
    this.#drain = new Drain({ domain, store: outbox, redis, faults, metrics, clock, random });
    this.#watermark = new Watermark({ store: outbox, protocol, faults });
    this.#blesser = new Blesser({
      store: blessings,
      redis,
      clock,
      faults,
      limits,
      self,
      onRecorded: (blessing) => dependencies.logger.warn({ domain, ...blessing }, 'blessing recorded'),
    });
    this.#upkeep = new Upkeep(dependencies);
    this.#fenceSweep = new FenceSweep(dependencies);
    this.#queue = dependencies.openRetryQueue((ids) => this.#retry(ids));
  }

  get domain(): string {
    return this.#deps.domain;
  }

  get state(): Readonly<DomainState> {
    return this.#state;
  }

  start(): void {
    const { timing, redis } = this.#deps;
    const waiting = this.#loop('schema', timing.reconnectMs, async () => {
      if (!(await this.#schemaIsThere()) || this.#state.phase === 'stopped') return;
      this.#state.phase = 'running';
      void waiting.stop();
      this.#loop('blessing', timing.blessingWatchMs, () => this.#watchBlessing());
      this.#drainLoop = this.#loop('drain', timing.pollMs, () => this.#drainAll());
      this.#loop('watermark', timing.tickMs, () => this.#tick());
      this.#loop('tables', timing.upkeepMs, async () => {
        this.#state.tables = await this.#upkeep.checkTables();
      });
      this.#loop('purge', timing.upkeepMs, () => this.#upkeep.purge());
      this.#loop('fences', timing.upkeepMs, () => this.#fenceSweep.runIfDue());
      this.#loop('depth', timing.depthMs, () => this.#upkeep.measure());
      redis.onDoorbell(() => this.poke());
    });
  }

  /** Drains at once: something is new in the outbox. */
  poke(): void {
    this.#drainLoop?.poke();
  }

  /** Ends the loops after what they are doing; an unfinished blessing is left to another relay. */
  async stop(): Promise<void> {
    this.#state.phase = 'stopped';
    this.#blesser.stop();
    this.#fenceSweep.stop();
    await Promise.all([...this.#loops.map((loop) => loop.stop()), this.#queue.close()]);
    this.#deps.redis.close();
  }

  async #schemaIsThere(): Promise<boolean> {
    const { domain, outbox } = this.#deps;
    const name = await outbox.domainName();
    if (name === null) {
      this.#complaints.raise(
        'schema',
        'the schema freshet is not there yet: the service of this domain creates it',
      );
      return false;
    }
    if (name !== domain) {
      this.#complaints.raise(
        'domain',
        `this database belongs to the domain ${name}: check the relay's *_DATABASE_URL`,
      );
      return false;
    }
    if (!(await outbox.isCurrent())) {
      this.#complaints.raise(
        'schema',
        'the schema freshet is older than this relay: the service of this domain migrates it',
      );
      return false;
    }
    this.#complaints.settle('schema');
    return true;
  }

  async #drainAll(): Promise<void> {
    for (;;) {
      const outcome = await this.#drain.drainDue();
      this.#state.standingStill = outcome.kind === 'standing-still' ? outcome.why : null;
      if (outcome.dead > 0) {
        const { domain, logger } = this.#deps;
        logger.error({ domain, rows: outcome.dead }, 'dead letters: see GET /v1/dead-letters');
      }
      if (outcome.kind === 'failed') {
        this.#complaints.raise('fan-out', outcome.error.message);
        // Not waited for: a queue that hangs must not hold up the next drain. If it loses the rows, the poll takes them.
        void this.#schedule(outcome);
      } else if (outcome.kind === 'drained' && outcome.applied.length > 0) this.#complaints.settle('fan-out');
      if (outcome.kind !== 'drained' || !outcome.full || this.#state.phase === 'stopped') return;
    }
  }

  async #schedule(chunk: FailedChunk): Promise<void> {
    if (!(await this.#queue.schedule(chunk))) this.#deps.metrics.queueFailed();
  }

  async #retry(ids: readonly string[]): Promise<void> {
    const outcome = await this.#drain.drainRows(ids);
    if (outcome.kind === 'failed') throw new RetryLater(outcome.error.message, outcome.delayMs);
    if (outcome.kind === 'standing-still') throw new RetryLater(outcome.why);
  }

  async #tick(): Promise<void> {
    const outcome = await this.#watermark.tick();
    this.#state.watermarkAgeMs = outcome.kind === 'unblessed' ? null : outcome.ageMs;
    this.#deps.metrics.watermark(this.#state.watermarkAgeMs);
  }

  async #watchBlessing(): Promise<void> {
    const { domain, logger, metrics } = this.#deps;
    const before = nameOf(this.#state);
    try {
      this.#state.blessing = await this.#blesser.watch();
    } catch (error) {
      this.#state.blessing = { do: 'unknown', why: reasonOf(error) };
    }
    const blessing = this.#state.blessing;
    const blessed = speaksForDomain(blessing);
    this.#state.wasBlessed ||= blessed;
    metrics.blessed(blessed);
    const after = nameOf(this.#state);
    if (before !== after || blessing.do === 'blessed')
      logger.info({ domain, blessing }, `blessing: ${after}`);
    if (blessing.do === 'blessed') {
      metrics.blessing();
      this.poke();
    }
    if (blessing.do === 'stand-aside') this.#reconnectInAWhile();
  }

  /** Perhaps the successor answers behind the same address. Not at every look: each costs the drain its connection. */
  #reconnectInAWhile(): void {
    const { clock, redis, timing } = this.#deps;
    const now = clock.monotonicMs();
    if (now < this.#nextReconnectMs) return;
    this.#nextReconnectMs = now + timing.reconnectMs;
    redis.reconnect();
  }

  #loop(name: string, everyMs: number, run: () => Promise<void>): Loop {
    const loop = new Loop({
      clock: this.#deps.clock,
      everyMs,
      run: async () => {
        await run();
        if (name !== 'schema') this.#complaints.settle(name);
      },
      onError: (error) => this.#complaints.raise(name, reasonOf(error)),
    });
    this.#loops.push(loop);
    return loop;
  }
}
