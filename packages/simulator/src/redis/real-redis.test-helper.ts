import { connectRedis } from '@freshet/cache-core';
import { type Protocol, type RedisPort, redisProtocol } from '@freshet/cache-core/protocol';
import { disposeAtEnd, eventually, startRedis, type TestRedis } from '@freshet/test-kit';
import { coherenceKey, DOMAIN, KEYS } from './operations.test-helper.ts';

type Connection = ReturnType<typeof connectRedis>;
type Transaction = ReturnType<Connection['multi']>;

/** What a server holds, as Redis shows it. */
export interface Content {
  /** Every key that the server still counts. */
  texts: Map<string, { text: string; lastMs: number }>;
  head: Record<string, string>;
  logLength: number;
  /** The newest few, newest first. */
  logEnd: { id: string; text: string }[];
  applied: Record<string, string>;
  /** By end, then by name. */
  leases: [replicaId: string, untilMs: number][];
}

/** When the server ran something, by its own clock, and what it held afterwards. */
export interface Observation {
  fromMs: number;
  toMs: number;
  content: Content;
}

export const LOG_END = 5;

/**
 * A real Redis on which everything that the protocol asks runs in one transaction between two TIMEs, and with a look
 * at what is there afterwards. So a server that is told the same time has to give exactly the same answers.
 */
export class RealRedis implements RedisPort {
  readonly protocol: Protocol;
  readonly #server: TestRedis;
  readonly #connection: Connection;
  #observed: Observation | null = null;

  static async start(): Promise<RealRedis> {
    const server = await startRedis();
    // A command of thousands of log entries may take a while on a busy machine.
    const connection = connectRedis(server.url, { commandTimeoutMs: 20_000 });
    disposeAtEnd('Redis connection', async () => connection.disconnect());
    const real = new RealRedis(server, connection);
    await real.#connected();
    return real;
  }

  constructor(server: TestRedis, connection: Connection) {
    this.#server = server;
    this.#connection = connection;
    this.protocol = redisProtocol(this, DOMAIN);
  }

  get status(): string {
    return this.#connection.status;
  }
  get options(): RedisPort['options'] {
    return this.#connection.options;
  }
  evalsha(sha: string, keyCount: number, ...keysAndArgs: (string | number)[]): Promise<unknown> {
    return this.run((transaction) => transaction.evalsha(sha, keyCount, ...keysAndArgs));
  }
  eval(text: string, keyCount: number, ...keysAndArgs: (string | number)[]): Promise<unknown> {
    return this.run((transaction) => transaction.eval(text, keyCount, ...keysAndArgs));
  }
  async get(key: string): Promise<string | null> {
    return (await this.run((transaction) => transaction.get(key))) as string | null;
  }
  publish(): Promise<number> {
    throw new Error('Doorbells are not part of this.');
  }
  on(event: 'ready' | 'close', listener: () => void): unknown {
    return this.#connection.on(event, listener);
  }
  off(event: 'ready' | 'close', listener: () => void): unknown {
    return this.#connection.off(event, listener);
  }

  /** Of what was run last. */
  get observed(): Observation {
    if (this.#observed === null) throw new Error('Nothing was run yet.');
    return this.#observed;
  }

  /** Runs one command and looks. */
  async run(queue: (transaction: Transaction) => Transaction): Promise<unknown> {
    const transaction = queue(this.#connection.multi().time()).time();
    transaction.keys('*');
    for (const key of KEYS) transaction.get(key).pexpiretime(key);
    transaction
      .hgetall(coherenceKey('head'))
      .xlen(coherenceKey('log'))
      .xrevrange(coherenceKey('log'), '+', '-', 'COUNT', LOG_END)
      .hgetall(coherenceKey('applied'))
      .zrangebyscore(coherenceKey('leases'), '-inf', '+inf', 'WITHSCORES');
    const results = await transaction.exec();
    if (results === null) throw new Error('The transaction was not run.');
    const [error, answer] = results[1] ?? [];
    const [from, , to, ...looks] = results.map(([, result]) => result);
    const toMs = milliseconds(to);
    this.#observed = { fromMs: milliseconds(from), toMs, content: readContent(looks) };
    if (error) throw error;
    return answer;
  }

  /** Looks only. */
  async look(): Promise<Observation> {
    await this.run((transaction) => transaction.ping());
    return this.observed;
  }

  /** Log entries, oldest first. */
  async log(): Promise<{ id: string; text: string }[]> {
    return streamEntries(await this.#connection.xrange(coherenceKey('log'), '-', '+'));
  }

  async history(): Promise<string> {
    const info = await this.#connection.info('replication');
    return /master_replid:([0-9a-f]{40})/.exec(info)?.[1] ?? '';
  }

  async flushScripts(): Promise<void> {
    await this.#connection.script('FLUSH');
  }

  async demote(): Promise<void> {
    // Port 1 is reserved: nobody answers there.
    await this.#connection.replicaof('127.0.0.1', 1);
  }

  async promote(): Promise<void> {
    await this.#connection.replicaof('NO', 'ONE');
  }

  async save(): Promise<void> {
    await this.#connection.save();
  }

  async restart(keepData: boolean): Promise<void> {
    await this.#server.restart({ keepData });
    await this.#connected();
  }

  #connected(): Promise<unknown> {
    const { pid } = this.#server;
    const isThere = async (): Promise<boolean> =>
      (await this.#connection.info('server')).includes(`process_id:${pid}\r\n`);
    // INFO is also sent by a connection that is not ready yet.
    return eventually(async () => this.status === 'ready' && (await isThere()), {
      what: `Redis (process ${pid}) is connected`,
    });
  }
}

function readContent(looks: unknown[]): Content {
  const keys = looks[0] as string[];
  const texts: Content['texts'] = new Map();
  for (const [index, key] of KEYS.entries()) {
    const text = looks[1 + 2 * index] as string | null;
    const lastMs = looks[2 + 2 * index] as number;
    if (text !== null) texts.set(key, { text, lastMs: lastMs === -1 ? Number.POSITIVE_INFINITY : lastMs });
  }
  const known = new Set([...KEYS, ...(['head', 'log', 'applied', 'leases'] as const).map(coherenceKey)]);
  const stray = keys.filter((key) => !known.has(key));
  if (stray.length > 0) throw new Error(`Keys that the look leaves out: ${stray.join(', ')}`);
  const rest = looks.slice(1 + 2 * KEYS.length);
  return {
    texts,
    head: { ...(rest[0] as Record<string, string>) },
    logLength: rest[1] as number,
    logEnd: streamEntries(rest[2]),
    applied: { ...(rest[3] as Record<string, string>) },
    leases: readScores(rest[4] as unknown[]),
  };
}

function streamEntries(found: unknown): { id: string; text: string }[] {
  return (found as [id: string, fields: string[]][]).map(([id, fields]) => ({ id, text: fields[1] ?? '' }));
}

/** Pairs in a list of their own (RESP3), or one after the other. */
function readScores(found: unknown[]): [string, number][] {
  const flat = found.flat();
  return Array.from({ length: flat.length / 2 }, (_, index) => [
    String(flat[2 * index]),
    Number(flat[2 * index + 1]),
  ]);
}

function milliseconds(time: unknown): number {
  const [seconds, microseconds] = time as [string, string];
  return Number(seconds) * 1_000 + Math.floor(Number(microseconds) / 1_000);
}
