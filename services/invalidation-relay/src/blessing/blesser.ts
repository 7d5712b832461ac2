import {
  type Clock,
  type DomainLimits,
  type Protocol,
  type ServerStatus,
  withDrift,
} from '@freshet/cache-core/protocol';
import type { RedisLink } from '../domain/redis-link.ts';
import type { Faults } from '../faults/faults.ts';
import { type BlessingDecision, decideBlessing } from './blessing-decision.ts';
import type { BlessingSnapshot, BlessingStore } from './blessing-store.ts';
import { redrop } from './redrop.ts';

/** `given-up`: something changed on the way; the next look decides anew. */
export type BlessingOutcome =
  | Exclude<BlessingDecision, { do: 'bless' }>
  | { do: 'blessed'; number: number; why: string; l2: 'kept' | 'voided' }
  | { do: 'given-up'; why: string };

export interface BlesserDependencies {
  store: BlessingStore;
  redis: {
    protocol: Pick<Protocol, 'generation' | 'status' | 'dropMany' | 'bless'>;
    scan: RedisLink['scan'];
  };
  clock: Clock;
  faults: Faults;
  /** Of the next blessing. */
  limits: DomainLimits;
  /** Who records: unique for each process. */
  self: string;
  onRecorded: (blessing: { number: number; waitMs: number; why: string }) => void;
}

/**
 * Watches who speaks for the domain, and brings a new Redis server up to date before it may.
 *
 * Recording the blessing in Postgres comes first: from then on the relays of the old server mark nothing and move
 * no watermark. Then everybody who lived on the old server's word is waited for, and only then the new one speaks.
 */
export class Blesser {
  readonly #deps: BlesserDependencies;
  /**
   * ● The highest number that this relay has met since it started: where Postgres and Redis have lost theirs, replicas may
   * know it all the same.
   */
  #highestMet = 0;
  #stopped = false;
  #endWait = (): void => {};

  constructor(dependencies: BlesserDependencies) {
    this.#deps = dependencies;
  }

  async watch(): Promise<BlessingOutcome> {
    const { store, self } = this.#deps;
    const { protocol } = this.#deps.redis;
    const status = await protocol.status();
    const recorded = await store.read(status.history);
    this.#highestMet = Math.max(this.#highestMet, status.blessing, recorded.newest?.number ?? 0);
    const decision = decideBlessing(status, recorded, self);
    if (decision.do === 'confirm') await store.confirm(decision.number);
    if (decision.do !== 'bless') return decision;
    // The first look may be older than what Postgres says: then another relay has blessed between the two.
    const again = await protocol.status();
    if (
      again.history !== status.history ||
      again.blessed !== status.blessed ||
      again.blessing !== status.blessing
    ) {
      return { do: 'given-up', why: 'the server changed while it was looked at' };
    }
    return this.#bless(
      { why: decision.why, first: decision.first && this.#highestMet === 0 },
      {
        history: status.history,
        headBlessing: this.#highestMet,
        origin: recorded.origin,
        expectedNewest: recorded.newest?.number ?? 0,
      },
    );
  }

  /** Ends a wait that runs, without blessing anything: another relay takes over. */
  stop(): void {
    this.#stopped = true;
    this.#endWait();
  }

  async #bless(
    { why, first }: { why: string; first: boolean },
    seen: { history: string; headBlessing: number; origin: string; expectedNewest: number },
  ): Promise<BlessingOutcome> {
    const { store, faults, limits, self } = this.#deps;
    const { protocol } = this.#deps.redis;
    const { history, origin } = seen;
    const recorded = await store.record({ ...seen, limits, recordedBy: self });
    if (recorded === null) return { do: 'given-up', why: 'another relay was faster' };
    const { number } = recorded;
    this.#highestMet = number;
    const waitMs = first ? 0 : withDrift(recorded.waitMs);
    this.#deps.onRecorded({ number, waitMs, why });
    await faults.at('after-record-blessing');
    if (waitMs > 0 && !this.#stopped) await this.#wait(waitMs);
    if (this.#stopped) return { do: 'given-up', why: 'this relay is stopping' };

    // asOf lies before the snapshot: what was committed before it is in Postgres for every load that begins later,
    // and whatever was loaded earlier is dropped again, or void.
    const { generation } = protocol;
    const status = await protocol.status();
    if (!status.primary || status.history !== history) {
      return { do: 'given-up', why: 'another Redis answers now' };
    }
    // ● What another Postgres has marked, or this one before it was restored, proves nothing.
    const since = status.origin === origin ? status.appliedNo : null;
    const snapshot = await store.snapshot(
      since === null ? null : { blessing: status.blessing, appliedNo: since },
    );
    const { newestBlessing, appliedNo } = snapshot;
    if (newestBlessing !== number) {
      return { do: 'given-up', why: `blessing ${newestBlessing} was recorded meanwhile` };
    }
    if (snapshot.origin !== origin) return { do: 'given-up', why: 'another Postgres answers now' };
    const validFrom = (await this.#bringUpToDate(status, snapshot, generation)) ?? number;
    await faults.at('before-bless');
    const blessed = await protocol.bless({
      blessing: number,
      history,
      origin,
      validFrom,
      asOf: status.timeMs,
      appliedNo,
      limits,
    });
    if (!blessed) return { do: 'given-up', why: 'Redis refused: another history, or a higher blessing' };
    await faults.at('after-bless');
    await store.confirm(number);
    return { do: 'blessed', number, why, l2: validFrom === number ? 'voided' : 'kept' };
  }

  /**
   * The validFrom that this server may keep, with every change dropped that it may have missed; null when all that it
   * holds must be voided. Replication, and a copy on disk, are prefixes of what a server was told: so its own appliedNo
   * proves that it has each DROP up to there.
   */
  async #bringUpToDate(
    { validFrom }: ServerStatus,
    { missed }: BlessingSnapshot,
    generation: number,
  ): Promise<number | null> {
    if (validFrom === null || missed === null) return null;
    return (await redrop(this.#deps.redis, missed, generation)) ? validFrom : null;
  }

  #wait(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#deps.clock.after(ms, resolve);
      this.#endWait = () => {
        cancel();
        resolve();
      };
    });
  }
}
