import assert from 'node:assert/strict';
import { isDeepStrictEqual } from 'node:util';
import { FreshetError } from '@freshet/cache-core';
import { decodeLogEntry, type LogEntry } from '@freshet/cache-core/protocol';
import { Calls } from './calls.test-helper.ts';
import { DataSet } from './data-set.ts';
import { MemoryRedis } from './memory-redis.ts';
import { coherenceKey, type Incident, KEYS, type Operation } from './operations.test-helper.ts';
import { type Content, LOG_END, type RealRedis } from './real-redis.test-helper.ts';
import type { RedisSnapshot } from './redis-server.ts';

/** The real server took too long over one step for anybody to say at which millisecond it did what. */
export class TimeUnknown extends Error {}

type Outcome = { answer: unknown } | { error: string };

const UNCLEAR_MS = 50;

/** A real and a memory server, to which the same things happen; each step compares the answers and all that is there. */
export class ServerPair {
  readonly #real: RealRedis;
  readonly #reached: (outcome: string) => void;
  readonly #calls = new Calls();
  readonly #histories: Set<string>;
  #memory: Memory;
  #saved: RedisSnapshot | null = null;

  static async empty(real: RealRedis, reached: (outcome: string) => void): Promise<ServerPair> {
    await real.promote();
    await real.run((transaction) => transaction.flushall());
    return new ServerPair(real, await real.history(), reached);
  }

  private constructor(real: RealRedis, history: string, reached: (outcome: string) => void) {
    this.#real = real;
    this.#reached = reached;
    this.#histories = new Set([history]);
    this.#memory = new Memory(history);
  }

  async run(operation: Operation): Promise<void> {
    if ('do' in operation) {
      await this.#happen(operation);
      return;
    }
    const { history } = this.#memory;
    const call = this.#calls.callFor(operation, { history, timeMs: this.#real.observed.toMs });
    const outcome = await outcomeOf(() => call(this.#real.protocol));
    await this.#compare(operation, outcome, (server) => outcomeNow(() => call(server)));
    if ('answer' in outcome) this.#calls.heard(operation, outcome.answer);
    this.#reached(`${operation.ask}: ${kindOf(outcome)}`);
  }

  /** Compares what a step does not look at: all of the log. */
  async finish(): Promise<void> {
    const real = (await this.#real.log()).map(({ text }) => decodeLogEntry(text));
    assert.deepEqual(this.#memory.data.log, real, 'the log');
  }

  async #happen(operation: Incident): Promise<void> {
    const real = this.#real;
    const handsOff = !this.#memory.primary;
    switch (operation.do) {
      case 'scan': {
        const keys = (await real.run((transaction) => transaction.keys(`${operation.prefix}*`))) as string[];
        const answer = { answer: keys.toSorted() };
        return await this.#compare(operation, answer, (server) => ({
          answer: server.scan(operation.prefix).toSorted(),
        }));
      }
      case 'set':
        return handsOff ? undefined : await this.#set(operation, operation.text, operation.ttlMs);
      case 'set-fence': {
        const { tokens, disturbed } = operation;
        const inner = tokens.map(([token, ms]) => `"${token}":${real.observed.toMs + ms}`).join(',');
        return handsOff
          ? undefined
          : await this.#set(operation, `{"fence":{${inner}},"disturbed":${disturbed}}`, null);
      }
      case 'expire': {
        const text = this.#memory.redis.get(operation.key);
        return handsOff || text === null ? undefined : await this.#set(operation, text, 1);
      }
      case 'remove':
        if (handsOff) return;
        await real.run((transaction) => transaction.del(operation.key));
        return await this.#changed(operation, (server) => server.remove(operation.key));
      case 'trim-log':
        if (handsOff) return;
        await real.run((transaction) => transaction.xtrim(coherenceKey('log'), 'MAXLEN', operation.length));
        return await this.#changed(operation, (server) => server.trimLog(operation.length));
      case 'flush-all':
        if (handsOff) return;
        await real.run((transaction) => transaction.flushall());
        return await this.#changed(operation, (server) => server.flushAll());
      case 'flush-scripts':
        return await real.flushScripts();
      case 'wait': {
        const until = real.observed.toMs + operation.ms;
        while ((await real.look()).fromMs < until);
        return await this.#changed(operation, () => {});
      }
      case 'demote':
        await real.demote();
        this.#memory.primary = false;
        await real.look();
        return await this.#changed(operation, (server) => server.demote());
      case 'promote':
        await real.promote();
        if (!this.#memory.primary) await this.#newHistory();
        this.#memory.primary = true;
        await real.look();
        return await this.#changed(operation, (server) => server.promote());
      case 'save':
        await real.save();
        this.#saved = this.#memory.redis.snapshot();
        return;
      case 'restart':
        return await this.#restart(operation);
    }
  }

  async #set(operation: Incident & { key: string }, text: string, ttlMs: number | null): Promise<void> {
    await this.#real.run((transaction) =>
      ttlMs === null
        ? transaction.set(operation.key, text)
        : transaction.set(operation.key, text, 'PX', ttlMs),
    );
    await this.#changed(operation, (server) => server.set(operation.key, text, ttlMs ?? undefined));
  }

  async #restart(operation: Incident & { do: 'restart' }): Promise<void> {
    if (operation.from === 'nothing') this.#saved = null;
    else if (this.#saved === null) await this.#happen({ do: 'save' });
    await this.#real.restart(operation.from === 'saved');
    await this.#newHistory();
    this.#memory.primary = true;
    await this.#real.look();
    await this.#changed(operation, (server) => server.restart(this.#saved ?? undefined));
    this.#reached('restart: done');
  }

  async #newHistory(): Promise<void> {
    const history = await this.#real.history();
    assert(!this.#histories.has(history), 'A started or promoted server has a history of its own.');
    this.#histories.add(history);
    this.#memory.history = history;
  }

  #changed(operation: Operation, change: (server: MemoryRedis) => void): Promise<void> {
    return this.#compare(operation, { answer: null }, (server) => {
      change(server);
      return { answer: null };
    });
  }

  /**
   * Tells the memory server the time at which the real one ran the step. Where that is not sure to the millisecond,
   * there has to be one millisecond at which both do the same.
   */
  async #compare(operation: Operation, real: Outcome, run: (server: MemoryRedis) => Outcome): Promise<void> {
    const { fromMs, toMs, content } = this.#real.observed;
    if (fromMs === toMs) {
      this.#memory.nowMs = fromMs;
      const memory = run(this.#memory.redis);
      const there = contentOf(this.#memory.data, fromMs);
      const expected = contentAt(content, fromMs);
      const step = `after ${JSON.stringify(operation)}`;
      assert.deepStrictEqual({ step, ...memory, ...there }, { step, ...real, ...expected });
      return;
    }
    for (let nowMs = fromMs; nowMs <= Math.min(toMs, fromMs + UNCLEAR_MS); nowMs++) {
      const twin = this.#memory.twin();
      twin.nowMs = nowMs;
      const memory = run(twin.redis);
      const there = contentOf(twin.data, nowMs);
      if (isDeepStrictEqual(memory, real) && isDeepStrictEqual(there, contentAt(content, nowMs))) {
        this.#memory = twin;
        return;
      }
    }
    throw new TimeUnknown();
  }
}

/** A memory server with its clock, and the history that it takes next. */
class Memory {
  readonly redis: MemoryRedis;
  nowMs = 0;
  history: string;
  primary = true;

  constructor(history: string) {
    this.history = history;
    this.redis = new MemoryRedis({ nowMs: () => this.nowMs, newHistory: () => this.history });
  }

  get data(): DataSet {
    const snapshot = this.redis.snapshot();
    if (!(snapshot instanceof DataSet)) throw new TypeError('MemoryRedis has another kind of snapshot now.');
    return snapshot;
  }

  twin(): Memory {
    const { history } = this.redis.status();
    const twin = new Memory(history);
    twin.redis.restart(this.redis.snapshot());
    if (!this.redis.status().primary) twin.redis.demote();
    twin.history = this.history;
    twin.primary = this.primary;
    return twin;
  }
}

/** `Content` with what comes and goes by time left out, and what stands for the same made the same. */
interface Comparable extends Omit<Content, 'logEnd'> {
  logEnd: { id: string | null; entry: LogEntry | null }[];
}

function contentAt(content: Content, nowMs: number): Comparable {
  const texts: Content['texts'] = new Map();
  for (const [key, stored] of content.texts) if (stored.lastMs >= nowMs) texts.set(key, stored);
  // Without a head nobody can say what number the last entry has.
  const named = content.head['last'] !== undefined;
  const logEnd = content.logEnd.map(({ id, text }) => ({
    id: named ? id : null,
    entry: decodeLogEntry(text),
  }));
  return { ...content, texts, logEnd };
}

function contentOf({ texts, head, log, applied, leases }: DataSet, nowMs: number): Comparable {
  const visible: Content['texts'] = new Map();
  for (const key of KEYS) {
    const stored = texts.get(key);
    if (stored !== undefined && stored.lastMs >= nowMs) visible.set(key, stored);
  }
  return {
    texts: visible,
    head: Object.fromEntries(Object.entries(head ?? {}).map(([field, value]) => [field, String(value)])),
    logLength: log.length,
    logEnd: log
      .slice(-LOG_END)
      .toReversed()
      .map((entry, index) => ({ id: head === null ? null : `${head.blessing}-${head.last - index}`, entry })),
    applied: Object.fromEntries([...applied].map(([id, record]) => [id, `${record.applied} ${record.told}`])),
    leases: [...leases].toSorted((a, b) => a[1] - b[1] || (a[0] < b[0] ? -1 : 1)),
  };
}

async function outcomeOf(call: () => unknown): Promise<Outcome> {
  try {
    return { answer: await call() };
  } catch (error) {
    return { error: errorText(error) };
  }
}

function outcomeNow(call: () => unknown): Outcome {
  try {
    return { answer: call() };
  } catch (error) {
    return { error: errorText(error) };
  }
}

function errorText(error: unknown): string {
  if (error instanceof FreshetError) return `${error.code} ${error.retryable} ${error.message}`;
  if (!(error instanceof Error)) return String(error);
  // Redis adds in which script and line.
  return error.message.replace(/ script: .*$/s, '');
}

/** A word or two for the answer, or the error's code. */
function kindOf(outcome: Outcome): string {
  if ('error' in outcome) return outcome.error.split(' ')[0] ?? '';
  const { answer } = outcome;
  if (typeof answer !== 'object' || answer === null) return String(answer);
  if (!('kind' in answer)) return 'answered';
  return 'leaseMs' in answer && answer.leaseMs === 0 ? 'ok, no lease' : String(answer.kind);
}
