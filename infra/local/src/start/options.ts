import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { Refusal } from './refusal.ts';

export interface StartOptions {
  /** The checkout. */
  readonly root: string;
  /** Where logs and `system.json` go, and the data unless we are root (see `parts/folders.ts`). */
  readonly stateFolder: string;
  /** How many of each service, not of the relay. */
  readonly replicas: number;
  readonly tour: boolean;
  /** Start with an empty database, and keep nothing. */
  readonly fresh: boolean;
  readonly given: GivenServers;
}

/** Servers to use instead of starting some, as URLs. */
export interface GivenServers {
  readonly postgres?: string;
  readonly redisCache?: string;
  readonly redisQueue?: string;
}

const MOST_REPLICAS = 32;

export const usage = `npm start -- [options]

  --replicas N    replicas of each service, 1 to ${MOST_REPLICAS} (2)
  --no-tour       start, print the addresses, and leave it at that
  --fresh         with an empty database, which is gone afterwards
  --state FOLDER  where logs and system.json go (.freshet)
  --help          this text

Environment: DATABASE_URL (Postgres 17 or newer, a role with CREATEDB), REDIS_CACHE_URL and REDIS_QUEUE_URL are used
when set; whatever is not set is started here.`;

/** @throws Refusal when an option is unknown or out of range. */
export function readOptions(
  root: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
): StartOptions | 'help' {
  const values = parse(args);
  if (values.help) return 'help';
  return {
    root,
    stateFolder: resolve(root, values.state),
    replicas: replicasFrom(values.replicas),
    tour: !values['no-tour'],
    fresh: values.fresh,
    given: {
      ...urlFrom(env, 'postgres', 'DATABASE_URL', ['postgres:', 'postgresql:']),
      ...urlFrom(env, 'redisCache', 'REDIS_CACHE_URL', ['redis:', 'rediss:']),
      ...urlFrom(env, 'redisQueue', 'REDIS_QUEUE_URL', ['redis:', 'rediss:']),
    },
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        replicas: { type: 'string', default: '2' },
        fresh: { type: 'boolean', default: false },
        'no-tour': { type: 'boolean', default: false },
        state: { type: 'string', default: '.freshet' },
        help: { type: 'boolean', short: 'h', default: false },
      },
    }).values;
  } catch (error) {
    throw new Refusal(`${error instanceof Error ? error.message : String(error)}\n\n${usage}`, {
      cause: error,
    });
  }
}

function replicasFrom(text: string): number {
  const replicas = Number(text);
  if (Number.isInteger(replicas) && replicas >= 1 && replicas <= MOST_REPLICAS) return replicas;
  throw new Refusal(`--replicas takes a whole number from 1 to ${MOST_REPLICAS}, not '${text}'.`);
}

function urlFrom<Name extends keyof GivenServers>(
  env: NodeJS.ProcessEnv,
  name: Name,
  variable: string,
  protocols: readonly string[],
): { [key in Name]?: string } {
  const text = env[variable];
  if (text === undefined || text === '') return {};
  if (protocols.includes(URL.parse(text)?.protocol ?? ''))
    return { [name]: text } as { [key in Name]: string };
  throw new Refusal(
    `${variable} must be a URL that starts with ${protocols[0]}//: correct it, or unset it to have one started.`,
  );
}
