import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startChildProcess } from './child-process.ts';
import { freePort } from './free-port.ts';
import type { ChildProcess } from './running-process.ts';
import { requireProgram } from './system-packages.ts';

export interface SentinelOptions {
  /** Of the group that it watches. */
  readonly name: string;
  readonly primaryPort: number;
  /** Sentinels that must agree that the primary is dead. */
  readonly quorum: number;
  readonly downAfterMs: number;
  /** More lines of its configuration. */
  readonly settings?: readonly string[];
  /** Default: a free one. */
  readonly port?: number;
  readonly onLine?: (line: string) => void;
}

export interface SentinelServer extends ChildProcess {
  readonly port: number;
}

/**
 * Starts a Sentinel on 127.0.0.1 that watches one group.
 *
 * @throws LocalError as `startChildProcess`
 */
export async function startSentinelServer(options: SentinelOptions): Promise<SentinelServer> {
  const { name, primaryPort, quorum, downAfterMs } = options;
  const command = await requireProgram('redis-server');
  const port = options.port ?? (await freePort());
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
      ...(options.settings ?? []),
    ].join('\n'),
  );
  const child = await startChildProcess({
    name: 'Sentinel',
    command,
    args: [file, '--sentinel'],
    cwd: folder,
    ready: { line: (line) => line.includes('+monitor master') },
    temporaryFolder: folder,
    ...(options.onLine && { onLine: options.onLine }),
  });
  return { ...child, port };
}
