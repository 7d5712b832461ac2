import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startChildProcess } from '../parts/child-process.ts';
import { startPostgres } from '../parts/postgres.ts';
import { type RedisFlavour, startRedisServer } from '../parts/redis.ts';
import type { Logs } from './logs.ts';
import type { Part } from './supervisor.ts';
import { environmentOf, type Instance, type Servers } from './topology.ts';

// A service finishes its requests within 5 s; then there is a second for whatever hangs.
const SERVICE_SHUTDOWN_MS = 5_000;
const STOP_WITHIN_MS = 6_000;

/** Where a store keeps what must outlive its crash. */
export interface StoreFolder {
  readonly dataDir: string;
  /** It goes when the system stops, or this process dies. */
  readonly temporary: boolean;
}

/** @param learnUrl is told the URL, with the password that the data folder carries. */
export function postgresPart(
  where: StoreFolder & { readonly root: string; readonly port: number },
  logs: Logs,
  learnUrl: (url: string) => void,
): Part {
  return {
    name: 'postgres',
    async start() {
      const settings = await readSettings(join(where.root, 'infra/postgres/postgresql.conf'));
      const postgres = await startPostgres({
        dataDir: where.dataDir,
        temporary: where.temporary,
        port: where.port,
        settings,
        onLine: logs.of('postgres'),
      });
      learnUrl(postgres.url);
      return postgres;
    },
  };
}

/** @param folder left out: nothing outlives a crash */
export function redisPart(flavour: RedisFlavour, port: number, logs: Logs, folder?: StoreFolder): Part {
  const name = `redis-${flavour}`;
  return { name, start: () => startRedisServer({ flavour, port, onLine: logs.of(name), ...folder }) };
}

/** What one process is told beyond the usual. */
export interface Extras {
  /** Of Node, before the program. */
  readonly nodeArgs?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** @param extras asked at each start */
export function servicePart(
  instance: Instance,
  servers: Servers,
  root: string,
  logs: Pick<Logs, 'of'>,
  extras: () => Extras = () => ({}),
): Part {
  return {
    name: instance.name,
    start() {
      const { nodeArgs = [], env } = extras();
      return startChildProcess({
        name: instance.name,
        command: process.execPath,
        args: [
          '--conditions=@freshet/source',
          ...nodeArgs,
          '--import',
          '@freshet/service-kit/register',
          'src/main.ts',
        ],
        cwd: join(root, 'services', instance.service),
        env: {
          ...withoutNpm(process.env),
          ...environmentOf(instance, servers),
          SHUTDOWN_DEADLINE_MS: String(SERVICE_SHUTDOWN_MS),
          ...env,
        },
        onLine: logs.of(instance.name),
        stopWithinMs: STOP_WITHIN_MS,
      });
    },
  };
}

/** Configuration lines `name = value` as settings: the server may not be allowed to read a file of this checkout. */
async function readSettings(path: string): Promise<Record<string, string>> {
  const lines = (await readFile(path, 'utf8')).split('\n');
  const settings = lines
    .map((line) => /^(\w+)\s*=\s*'?([^'#]*?)'?\s*(#.*)?$/.exec(line))
    .filter((match) => match !== null);
  return Object.fromEntries(settings.map(([, name = '', value = '']) => [name, value]));
}

/** npm fills the environment of its scripts with dozens of variables that are not meant for the services. */
function withoutNpm(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !/^npm_/i.test(name)));
}
