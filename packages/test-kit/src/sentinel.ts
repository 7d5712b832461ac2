import { type SentinelOptions, startSentinelServer } from '@freshet/local';
import { Redis } from 'ioredis';
import { disposeAtEnd } from './disposal.ts';

export interface WatchedGroup
  extends Pick<SentinelOptions, 'name' | 'primaryPort' | 'quorum' | 'downAfterMs'> {
  /** How long a primary that was replaced is seen as one before it is made a replica. */
  readonly demoteAfterMs: number;
}

/** One Sentinel process. */
export interface Sentinel {
  readonly port: number;
  /** Of the server that this Sentinel calls the primary. */
  primaryPort(name: string): Promise<number>;
  /** Changes how long a primary that was replaced is seen as one before it is made a replica. */
  demoteAfter(ms: number): Promise<void>;
  /** Begins a failover without asking the others. */
  failOver(name: string): Promise<void>;
  /** What this Sentinel knows of the group; `flags` is `master` when nothing is wrong with the primary. */
  knows(name: string): Promise<{ replicas: number; sentinels: number; flags: string }>;
}

// Its own period for INFO is made for networks: 10 s.
const PERIODS = ['info-period', '100', 'ask-period', '100'];

/** Between the news that Sentinels tell one another. */
const PERIODS_TO_DEMOTE = 4;

/** @throws LocalError as `startChildProcess` */
export async function startSentinel({ demoteAfterMs, ...options }: WatchedGroup): Promise<Sentinel> {
  const child = await startSentinelServer(options);
  const { port } = child;
  disposeAtEnd('Sentinel', () => child.stop());
  const redis = new Redis({ port, host: '127.0.0.1', commandTimeout: 2_000 });
  redis.on('error', () => {});
  disposeAtEnd('Connection to a Sentinel', async () => redis.disconnect());
  await redis.call('SENTINEL', 'DEBUG', ...PERIODS);
  const demoteAfter = async (ms: number): Promise<void> => {
    await redis.call('SENTINEL', 'DEBUG', 'publish-period', ms / PERIODS_TO_DEMOTE);
  };
  await demoteAfter(demoteAfterMs);
  return {
    port,
    demoteAfter,
    async failOver(group) {
      await redis.call('SENTINEL', 'FAILOVER', group);
    },
    async primaryPort(group) {
      const [, named] = (await redis.call('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', group)) as string[];
      return Number(named);
    },
    async knows(group) {
      const fields = (await redis.call('SENTINEL', 'MASTER', group)) as string[];
      const field = (wanted: string): string => fields[fields.indexOf(wanted) + 1] ?? '';
      return {
        replicas: Number(field('num-slaves')),
        sentinels: Number(field('num-other-sentinels')),
        flags: field('flags'),
      };
    },
  };
}
