import { randomUUID } from 'node:crypto';
import { systemClock } from '@freshet/cache-core/protocol';
import { createPool, type Logger } from '@freshet/service-kit';
import type { Telemetry } from 'bullmq';
import { PostgresBlessingStore } from '../blessing/postgres-blessing-store.ts';
import { AuditBoard } from '../audit/audit-board.ts';
import { AuditStore } from '../audit/audit-store.ts';
import { Auditor } from '../audit/auditor.ts';
import type { RelayConfig } from '../config.ts';
import { crashAt, type Faults, noFaults } from '../faults/faults.ts';
import { type DomainInspection, openInspection } from '../inspection/domain-inspection.ts';
import { PostgresOperatorStore } from '../operator-api/postgres-operator-store.ts';
import type { OperatorStore } from '../operator-api/operator-store.ts';
import { openRetryQueue } from '../retry/retry-queue.ts';
import { domainMetrics } from '../telemetry/domain-metrics.ts';
import { countLiveReplicas } from '../telemetry/live-replicas.ts';
import type { BlessingStore } from '../blessing/blessing-store.ts';
import { DomainRelay } from './domain-relay.ts';
import type { OutboxStore } from './outbox-store.ts';
import { PostgresOutboxStore } from './postgres-outbox-store.ts';
import { connectRedisLink, type RedisLink } from './redis-link.ts';
import { defaultTiming, type RelayTiming } from './relay-timing.ts';

/** Connections of one relay to one domain's Postgres: each loop, a retry, and the operators. */
const POOL_SIZE = 10;
/** For what looks at keys and rows: however much there is to look at, what is drained does not wait for it. */
const INSPECTION_POOL_SIZE = 2;

/** One domain: its relay, and the stores that the operator's API reads too. */
export interface OpenDomain {
  readonly name: string;
  readonly relay: DomainRelay;
  startAudit(): void;
  readonly redis: RedisLink;
  readonly outbox: OutboxStore;
  readonly blessings: BlessingStore;
  readonly operators: OperatorStore;
  readonly inspection: DomainInspection;
  readonly auditStore: AuditStore;
  /** What the domain's audit has found, whichever relay does it. */
  readonly audited: AuditBoard;
  close(): Promise<void>;
}

export interface OpenDomainOptions {
  readonly name: string;
  readonly databaseUrl: string;
  readonly config: Pick<
    RelayConfig,
    | 'redisCacheUrl'
    | 'redisQueueUrl'
    | 'instanceName'
    | 'leaseMs'
    | 'maxStalenessMs'
    | 'strongTransactionMs'
    | 'auditKeysPerSecond'
    | 'crashAt'
  >;
  readonly log: Logger;
  /** Spans for the retry jobs. */
  readonly telemetry?: Telemetry;
  readonly timing?: Partial<RelayTiming>;
  readonly faults?: Faults;
}

/** Connects one domain's relay to the real Postgres, Redis and queue; nothing is waited for. */
export function openDomain(options: OpenDomainOptions): OpenDomain {
  const { name, databaseUrl, config, log, telemetry, timing } = options;
  const faults = options.faults ?? (config.crashAt === 'never' ? noFaults : crashAt(config.crashAt));
  const pool = createPool({ url: databaseUrl, size: POOL_SIZE, applicationName: config.instanceName, log });
  const inspectionPool = createPool({
    url: databaseUrl,
    size: INSPECTION_POOL_SIZE,
    applicationName: `${config.instanceName}-inspection`,
    log,
  });
  const redis = connectRedisLink(config.redisCacheUrl, name, config.instanceName, (reason) =>
    log.warn({ domain: name, reason }, 'no connection to the cache Redis'),
  );
  const metrics = domainMetrics(name);
  const stopCounting = countLiveReplicas(name, redis.protocol);
  const outbox = new PostgresOutboxStore(pool);
  const blessings = new PostgresBlessingStore(pool);
  const inspection = openInspection({
    redisUrl: config.redisCacheUrl,
    domain: name,
    connectionName: config.instanceName,
    pool: inspectionPool,
  });
  // Two processes may have one name; only one of them recorded a blessing.
  const self = `${config.instanceName}/${randomUUID()}`;
  const relay = new DomainRelay({
    domain: name,
    self,
    outbox,
    blessings,
    redis,
    openRetryQueue: (retry) =>
      openRetryQueue({
        url: config.redisQueueUrl,
        domain: name,
        retry,
        random: Math.random,
        onTrouble: (reason) =>
          log.warn({ domain: name, reason }, 'retry queue: the poll does its work meanwhile'),
        ...(telemetry !== undefined && { telemetry }),
      }),
    clock: systemClock,
    random: Math.random,
    limits: {
      leaseMs: config.leaseMs,
      maxStalenessMs: config.maxStalenessMs,
      strongTransactionMs: config.strongTransactionMs,
    },
    timing: { ...defaultTiming, ...timing },
    metrics,
    faults,
    logger: log,
  });
  const auditStore = new AuditStore(inspectionPool);
  const auditor = new Auditor({
    domain: name,
    self,
    instance: config.instanceName,
    inspection,
    redis,
    store: auditStore,
    clock: systemClock,
    keysPerSecond: config.auditKeysPerSecond,
    logger: log,
  });
  return {
    name,
    relay,
    startAudit: () => auditor.start(),
    redis,
    outbox,
    blessings,
    operators: new PostgresOperatorStore(pool),
    inspection,
    auditStore,
    audited: new AuditBoard(inspection.redis, name),
    async close() {
      await auditor.stop();
      stopCounting();
      await inspection.close();
      await relay.stop();
      await inspectionPool.end();
      await pool.end();
    },
  };
}
