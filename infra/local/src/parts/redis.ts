import { readFile } from 'node:fs/promises';
import { startChildProcess } from './child-process.ts';
import { storeUser, temporaryFolder } from './folders.ts';
import { freePort } from './free-port.ts';
import type { ChildProcess } from './running-process.ts';
import { requireProgram } from './system-packages.ts';

export type RedisFlavour = 'cache' | 'queue';

export interface RedisOptions {
  /** Whose configuration: `infra/redis/<flavour>.conf`. */
  readonly flavour: RedisFlavour;
  /** Working directory, which the store user can write; default: a new one. */
  readonly dataDir?: string;
  /** The directory goes when Redis is stopped, or this process dies (default: when none was given). */
  readonly temporary?: boolean;
  /** Default: a free one. */
  readonly port?: number;
  /** More directives, stronger than those of the configuration file. */
  readonly settings?: Readonly<Record<string, string>>;
  readonly onLine?: (line: string) => void;
}

export interface Redis extends ChildProcess {
  readonly url: string;
  readonly port: number;
  readonly dataDir: string;
}

/**
 * Starts the redis-server of the PATH on 127.0.0.1.
 *
 * @throws LocalError FRESHET_LOCAL_MISSING_PROGRAM, FRESHET_LOCAL_EXITED_EARLY, …
 */
export async function startRedisServer(options: RedisOptions): Promise<Redis> {
  const command = await requireProgram('redis-server');
  const configuration = await readFile(
    new URL(`../../../redis/${options.flavour}.conf`, import.meta.url),
    'utf8',
  );
  const { temporary = options.dataDir === undefined } = options;
  const dataDir = options.dataDir ?? (await temporaryFolder(`redis-${options.flavour}`));
  const port = options.port ?? (await freePort());
  const settings = { ...options.settings, bind: '127.0.0.1', port: String(port), dir: dataDir };
  const child = await startChildProcess({
    name: `Redis (${options.flavour})`,
    command,
    // Over standard input: the store user may not be allowed to read a file of this checkout.
    args: [...Object.entries(settings).flatMap(([key, value]) => [`--${key}`, value]), '-'],
    input: configuration,
    cwd: dataDir,
    user: storeUser,
    ready: { line: (line) => line.includes('Ready to accept connections') },
    orphanSignal: temporary ? 'SIGKILL' : 'SIGTERM',
    temporaryFolder: temporary ? dataDir : undefined,
    ...(options.onLine && { onLine: options.onLine }),
  });
  return { ...child, url: `redis://127.0.0.1:${port}`, port, dataDir };
}
