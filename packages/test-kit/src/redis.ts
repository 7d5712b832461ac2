import { type RedisFlavour, type Redis as RedisServer, startRedisServer } from '@freshet/local';
import { disposeAtEnd } from './disposal.ts';

export interface StartRedisOptions {
  /** Whose configuration (`infra/redis`); default 'cache'. */
  readonly flavour?: RedisFlavour;
  /** More directives of redis.conf. */
  readonly settings?: Readonly<Record<string, string>>;
}

export interface TestRedis {
  readonly url: string;
  readonly port: number;
  /** Of the process that runs now. */
  readonly dataDir: string;
  /** Of the process that runs now. */
  readonly pid: number;
  /** Sends a signal (default SIGKILL). After SIGKILL it resolves when the process is gone, else at once. */
  readonly kill: (signal?: NodeJS.Signals) => Promise<void>;
  readonly stop: () => Promise<void>;
  /** Kills it and starts an empty one on the same port, or one that loads what the killed one had written. */
  readonly restart: (options?: { readonly keepData?: boolean }) => Promise<void>;
}

/** A Redis of its own for this test or test file. */
export async function startRedis({
  flavour = 'cache',
  settings = {},
}: StartRedisOptions = {}): Promise<TestRedis> {
  let server: RedisServer = await startRedisServer({ flavour, settings });
  const { url, port } = server;
  const redis: TestRedis = {
    url,
    port,
    get pid() {
      return server.pid;
    },
    get dataDir() {
      return server.dataDir;
    },
    kill: (signal) => server.kill(signal),
    async stop() {
      await server.stop();
    },
    async restart({ keepData = false } = {}) {
      await server.kill();
      if (!keepData) await server.stop();
      const data = keepData ? { dataDir: server.dataDir, temporary: true } : {};
      server = await startRedisServer({ flavour, settings, port, ...data });
    },
  };
  disposeAtEnd(`Redis (${flavour})`, () => redis.stop());
  return redis;
}
