import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { startChildProcess, startPostgres, startRedisServer } from '@freshet/local';
import { Client } from 'pg';

/** A process of ours that listens. */
export interface Listening {
  readonly name: string;
  readonly url: string;
}

/** The servers and processes that the benchmarks stand on. */
export interface Ground {
  readonly redisCacheUrl: string;
  readonly redisQueueUrl: string;
  /** An empty database. Answers its URL. */
  createDatabase(name: string): Promise<string>;
  /** Starts a program from its sources, as in development but for NODE_ENV, and waits until it listens. */
  startProgram(main: URL, name: string, env: Readonly<Record<string, string>>): Promise<Listening>;
  /** Everything that was started, the last one first. */
  stop(): Promise<void>;
}

/** A Postgres and two Redis of our own, on free ports of the loopback interface. */
export async function startGround(): Promise<Ground> {
  const started: { stop: () => Promise<unknown> }[] = [];
  const keep = <T extends { stop: () => Promise<unknown> }>(process: T): T => {
    started.push(process);
    return process;
  };
  async function stop(): Promise<void> {
    for (const process of started.splice(0).toReversed()) await process.stop();
  }
  try {
    // The instant of a COMMIT, by the server itself.
    const postgres = keep(await startPostgres({ settings: { track_commit_timestamp: 'on' } }));
    const redisCache = keep(await startRedisServer({ flavour: 'cache' }));
    const redisQueue = keep(await startRedisServer({ flavour: 'queue' }));
    return {
      redisCacheUrl: redisCache.url,
      redisQueueUrl: redisQueue.url,
      async createDatabase(name) {
        const client = new Client({ connectionString: postgres.url });
        await client.connect();
        await client.query(`create database "${name}"`);
        await client.end();
        return Object.assign(new URL(postgres.url), { pathname: `/${name}` }).href;
      },
      async startProgram(main, name, env) {
        let url: string | undefined;
        const register = createRequire(main).resolve('@freshet/service-kit/register');
        keep(
          await startChildProcess({
            name,
            command: process.execPath,
            args: ['--conditions=@freshet/source', '--import', register, fileURLToPath(main)],
            env: { ...process.env, HOST: '127.0.0.1', PORT: '0', INSTANCE_NAME: name, ...env },
            ready: {
              line(line) {
                url ??= listeningUrl(line);
                return url !== undefined;
              },
            },
          }),
        );
        if (url === undefined) throw new Error(`${name} did not say where it listens.`);
        return { name, url };
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

function listeningUrl(line: string): string | undefined {
  if (!line.includes('"listening"')) return undefined;
  const entry = JSON.parse(line) as { msg?: string; url?: string };
  return entry.msg === 'listening' ? entry.url : undefined;
}
