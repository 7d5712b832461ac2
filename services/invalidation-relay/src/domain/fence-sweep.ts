import { type Clock, keyPrefix } from '@freshet/cache-core/protocol';
import type { RelayLogger } from './complaints.ts';
import type { OutboxStore } from './outbox-store.ts';
import type { RedisLink } from './redis-link.ts';
import type { RelayTiming } from './relay-timing.ts';

/** Between two pages of keys, so that the search is never what Redis is busy with. */
const REST_MS = 20;

export interface FenceSweepDependencies {
  domain: string;
  outbox: Pick<OutboxStore, 'schemaVersions'>;
  redis: Pick<RedisLink, 'protocol' | 'scan'>;
  clock: Clock;
  timing: Pick<RelayTiming, 'fencesEveryMs'>;
  logger: RelayLogger;
}

/**
 * Removes what strong writers that died have left under keys that nobody asks for: a fence has no TTL, so that it is
 * never evicted. Whoever meets one removes it; this finds the others.
 */
export class FenceSweep {
  readonly #deps: FenceSweepDependencies;
  #dueAtMs = Number.NEGATIVE_INFINITY;
  #stopped = false;
  #wake = (): void => {};

  constructor(dependencies: FenceSweepDependencies) {
    this.#deps = dependencies;
  }

  /** One look at every key of the domain, unless the last that came to its end was a short while ago. */
  async runIfDue(): Promise<void> {
    const { clock, timing } = this.#deps;
    if (clock.monotonicMs() < this.#dueAtMs) return;
    await this.#run();
    this.#dueAtMs = clock.monotonicMs() + timing.fencesEveryMs;
  }

  stop(): void {
    this.#stopped = true;
    this.#wake();
  }

  async #run(): Promise<void> {
    const { domain, outbox, redis, logger } = this.#deps;
    const byService = Map.groupBy(await outbox.schemaVersions(), ({ service }) => service);
    let cleared = 0;
    for (const [service, versions] of byService) {
      const prefixes = versions.map(({ entity, number }) => keyPrefix(service, entity, number));
      // A SCAN goes over all of Redis, whatever the prefix: one for each service, not one for each entity.
      for await (const page of redis.scan(`${service}:`)) {
        const keys = page.filter((key) => prefixes.some((prefix) => key.startsWith(prefix)));
        const answers = await Promise.all(keys.map((key) => redis.protocol.clearFence(key)));
        cleared += answers.filter(Boolean).length;
        if (this.#stopped) return;
        await this.#rest();
      }
    }
    if (cleared > 0)
      logger.info({ domain, fences: cleared }, 'fences of strong writers that died were removed');
  }

  #rest(): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#deps.clock.after(REST_MS, resolve);
      this.#wake = () => {
        cancel();
        resolve();
      };
    });
  }
}
