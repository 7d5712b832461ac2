import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, requireProgram, startChildProcess } from '@freshet/local';
import { Redis } from 'ioredis';
import { disposeAtEnd } from './disposal.ts';

export interface SentinelOptions {
  readonly name: string;
  readonly primaryPort: number;
  /** Sentinels that must agree that the primary is dead. */
  readonly quorum: number;
  readonly downAfterMs: number;
  /** How long a primary that was replaced is seen as one before it is made a replica. */
  readonly demoteAfterMs: number;
}

/** One Sentinel process. */
export interface Sentinel {
  readonly port: number;
  /** Of the server that this Sentinel calls the primary. */
  primaryPort(name: string): Promise<number>;
  /** What this Sentinel knows of the group; `flags` is `master` when nothing is wrong with the primary. */
  knows(name: string): Promise<{ replicas: number; sentinels: number; flags: string }>;
}

// Its own period for INFO is made for networks: 10 s.
const PERIODS = ['info-period', '100', 'ask-period', '100'];

/** Between the news that Sentinels tell one another. */
const PERIODS_TO_DEMOTE = 4;

/** @throws LocalError as `startChildProcess` */
export async function startSentinel(options: SentinelOptions): Promise<Sentinel> {
  const { name, primaryPort, quorum, downAfterMs, demoteAfterMs } = options;
  const [command, port] = await Promise.all([requireProgram('redis-server'), freePort()]);
  const folder = await mkdtemp(join(tmpdir(), 'freshet-sentinel-'));
  const file = join(folder, 'sentinel.conf');
  // A Sentinel writes what it learns into its configuration file.
  await writeFile(
    file,
    [
      `port ${port}`,
      'bind 127.0.0.1',
      `dir ${folder}`,
      `sentinel monitor ${name} 127.0.0.1 ${primaryPort} ${quorum}`,
      `sentinel down-after-milliseconds ${name} ${downAfterMs}`,
      `sentinel failover-timeout ${name} 5000`,
      `sentinel parallel-syncs ${name} 2`,
    ].join('\n'),
  );
  const child = await startChildProcess({
    name: 'Sentinel',
    command,
    args: [file, '--sentinel'],
    cwd: folder,
    ready: { line: (line) => line.includes('+monitor master') },
    temporaryFolder: folder,
  });
  disposeAtEnd('Sentinel', () => child.stop());
  const redis = new Redis({ port, host: '127.0.0.1', commandTimeout: 2_000 });
  redis.on('error', () => {});
  disposeAtEnd('Connection to a Sentinel', async () => redis.disconnect());
  await redis.call('SENTINEL', 'DEBUG', ...PERIODS, 'publish-period', demoteAfterMs / PERIODS_TO_DEMOTE);
  return {
    port,
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
