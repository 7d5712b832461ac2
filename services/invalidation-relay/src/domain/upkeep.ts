import type { DomainMetrics } from '../telemetry/domain-metrics.ts';
import type { RelayLogger } from './complaints.ts';
import type { CachedTableProblem, OutboxStore } from './outbox-store.ts';
import type { RelayTiming } from './relay-timing.ts';

export interface UpkeepDependencies {
  domain: string;
  outbox: Pick<OutboxStore, 'checkCachedTables' | 'purge' | 'forgetSchemaVersions' | 'depth'>;
  timing: Pick<RelayTiming, 'purgeAfterMs'>;
  metrics: DomainMetrics;
  logger: RelayLogger;
}

/** What nobody waits for: the triggers' check, the purge, the measuring, and the alarms that come of them. */
export class Upkeep {
  readonly #deps: UpkeepDependencies;
  #retryingForLong = false;

  constructor(dependencies: UpkeepDependencies) {
    this.#deps = dependencies;
  }

  async checkTables(): Promise<CachedTableProblem[]> {
    const { domain, outbox, metrics, logger } = this.#deps;
    const tables = await outbox.checkCachedTables();
    const broken = tables.filter(({ problem }) => problem !== null);
    metrics.tableProblems(broken.length);
    for (const table of broken) {
      logger.error(
        { domain, ...table },
        'writes to a cached table go unseen: its triggers need repair (freshet.cache_table)',
      );
    }
    return tables;
  }

  async purge(): Promise<void> {
    const { outbox, timing } = this.#deps;
    while ((await outbox.purge(timing.purgeAfterMs)) > 0);
    await outbox.forgetSchemaVersions();
  }

  async measure(): Promise<void> {
    const { domain, outbox, metrics, logger } = this.#deps;
    const depth = await outbox.depth();
    metrics.depth(depth);
    const retryingForLong = depth.retryingForLong > 0;
    if (retryingForLong && !this.#retryingForLong) {
      logger.error(
        { domain, rows: depth.retryingForLong, oldestAgeMs: depth.oldestAgeMs },
        'invalidations have been failing for longer than a minute: the caches of this domain are off',
      );
    }
    this.#retryingForLong = retryingForLong;
  }
}
