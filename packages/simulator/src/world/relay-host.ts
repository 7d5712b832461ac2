import { limits } from '@freshet/cache-core/protocol';
import { DomainRelay, defaultTiming, domainMetrics } from '@freshet/invalidation-relay/domain';
import type { Process } from './process.ts';
import { Random } from './random.ts';
import { SimOrigin } from './sim-origin.ts';
import { SimBlessingStore, SimOutboxStore } from './sim-stores.ts';
import type { World } from './world.ts';

const metrics = domainMetrics('sim');
const silent = { info() {}, warn() {}, error() {} };

/** One relay of the domain `sim`: the real one in a simulated process. */
export class RelayHost {
  readonly process: Process;
  readonly relay: DomainRelay;

  constructor(world: World, name: string, incarnation: number) {
    const process = world.process(name);
    const random = new Random(world.plan.seed, `${name} ${incarnation}`);
    // Longer than any lag, or so short that a failover finds rows purged that its server has not seen.
    const purgeAfterMs =
      world.plan.purgeAfterMs ?? new Random(world.plan.seed, 'purge').pick([200, 2_000, limits.purgeAfterMs]);
    const origin = new SimOrigin(world.network(process));
    const connection = world.connect(process);
    this.process = process;
    this.relay = new DomainRelay({
      domain: 'sim',
      self: `${name}.${incarnation}`,
      outbox: new SimOutboxStore(origin),
      blessings: new SimBlessingStore(origin),
      redis: {
        protocol: connection,
        async *scan(prefix) {
          yield await connection.scan(prefix);
        },
        onDoorbell(listener) {
          world.listen('relays', process, connection, listener);
        },
        reconnect: () => connection.cut(),
        close() {},
      },
      openRetryQueue: (retry) => ({
        schedule({ ids, delayMs }) {
          if (world.scheduler.now < world.queueDownUntil) return Promise.resolve(false);
          process.clock.after(delayMs, () => {
            retry(ids).catch(() => {
              // The poll takes these rows.
            });
          });
          return Promise.resolve(true);
        },
        close: () => Promise.resolve(),
      }),
      clock: process.clock,
      random: () => random.next(),
      limits: {
        leaseMs: limits.leaseMs,
        maxStalenessMs: limits.maxStalenessMs,
        strongTransactionMs: limits.strongTransactionMs,
      },
      timing: { ...defaultTiming, upkeepMs: 500, depthMs: 3_600_000, purgeAfterMs, fencesEveryMs: 700 },
      metrics,
      faults: { at: () => Promise.resolve() },
      logger: silent,
    });
    this.relay.start();
  }

  stop(): Promise<void> {
    return this.relay.stop();
  }
}
