import { FreshetError } from '../errors.ts';
import { assertName } from '../keys/key.ts';
import { parseVersion, type Version } from '../keys/version.ts';
import type { DropAnswer, LeaseAnswer, PublishAnswer } from '../l2/l2-store.ts';
import type {
  Appended,
  Blessing,
  Laggards,
  Renewal,
  ReplicaRecord,
  ServerStatus,
} from '../log/coherence-log.ts';
import { decodeLogEntry, encodeLogEntry, type LogEntry } from '../log/log-entry.ts';
import { limits } from '../options.ts';
import { assertProtocolOptions } from './connect.ts';
import type { RedisPort } from './port.ts';
import { outboxDoorbell, type Protocol, replicaDoorbell } from './protocol.ts';
import { Script } from './script.ts';
import { TurnWriter } from './turn-writer.ts';

const scripts = {
  lease: new Script('l2', 'lease'),
  fill: new Script('l2', 'fill'),
  refresh: new Script('l2', 'refresh'),
  drop: new Script('l2', 'drop'),
  clearFence: new Script('l2', 'clear-fence'),
  fence: new Script('l2', 'fence'),
  publish: new Script('l2', 'publish'),
  status: new Script('log', 'status'),
  append: new Script('log', 'append'),
  renew: new Script('log', 'renew'),
  release: new Script('log', 'release'),
  laggards: new Script('log', 'laggards'),
  watermark: new Script('log', 'watermark'),
  bless: new Script('log', 'bless'),
  replicas: new Script('log', 'replicas'),
};

/** The protocol over one ioredis connection made by `connectRedis`. @throws FRESHET_INVALID_OPTIONS for another kind. */
export function redisProtocol(redis: RedisPort, domain: string): Protocol {
  return new RedisProtocol(redis, domain);
}

class RedisProtocol implements Protocol {
  readonly #redis: RedisPort;
  readonly #writer: TurnWriter;
  readonly #domain: string;
  readonly #head: string;
  readonly #log: string;
  readonly #applied: string;
  readonly #leases: string;
  readonly #listeners = new Set<(event: 'lost' | 'ready') => void>();
  #generation = 0;

  constructor(redis: RedisPort, domain: string) {
    assertName('domain', domain);
    assertProtocolOptions(redis);
    this.#redis = redis;
    this.#writer = new TurnWriter(redis);
    this.#domain = domain;
    this.#head = `{coherence:${domain}}:head`;
    this.#log = `{coherence:${domain}}:log`;
    this.#applied = `{coherence:${domain}}:applied`;
    this.#leases = `{coherence:${domain}}:leases`;
    redis.on('close', () => this.#connectionChanged('lost'));
    redis.on('ready', () => this.#connectionChanged('ready'));
  }

  get generation(): number {
    return this.#generation;
  }

  onConnection(listener: (event: 'lost' | 'ready') => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  get(key: string): Promise<string | null> {
    this.#writer.hold();
    return this.#redis.get(key);
  }

  async lease(key: string, token: string, validFrom: number, fillLeaseMs: number): Promise<LeaseAnswer> {
    this.#writer.hold();
    const [kind, text] = strings(
      await scripts.lease.run(this.#redis, [key], [token, validFrom, fillLeaseMs]),
    );
    if (kind === 'entry') return { kind, text: text ?? '' };
    if (kind === 'granted' || kind === 'lease' || kind === 'fence') return { kind };
    throw unexpected('LEASE');
  }

  async fill(key: string, token: string, entry: string, ttlMs: number): Promise<boolean> {
    this.#writer.hold();
    return (await scripts.fill.run(this.#redis, [key], [token, entry, ttlMs])) === 1;
  }

  async refresh(key: string, seenVersion: Version, entry: string, ttlMs: number): Promise<boolean> {
    return (await scripts.refresh.run(this.#redis, [key], [seenVersion, entry, ttlMs])) === 1;
  }

  async drop(key: string, version: Version): Promise<DropAnswer> {
    return (await scripts.drop.run(this.#redis, [key], [version])) as DropAnswer;
  }

  dropMany(drops: readonly { key: string; version: Version }[]): Promise<DropAnswer[]> {
    return Promise.all(drops.map(({ key, version }) => this.drop(key, version)));
  }

  async clearFence(key: string): Promise<boolean> {
    return (await scripts.clearFence.run(this.#redis, [key], [])) === 1;
  }

  async fence(key: string, token: string, fenceMs: number): Promise<{ primary: boolean; history: string }> {
    const [primary, history] = strings(await scripts.fence.run(this.#redis, [key], [token, fenceMs]));
    return { primary: primary === '1', history: history ?? '' };
  }

  async publish(
    key: string,
    token: string,
    version: Version,
    stored: { entry: string; ttlMs: number } | null,
  ): Promise<PublishAnswer> {
    const args = [token, version, stored?.entry ?? '', stored?.ttlMs ?? 0];
    return (await scripts.publish.run(this.#redis, [key], args)) as PublishAnswer;
  }

  async status(): Promise<ServerStatus> {
    const answer = strings(await scripts.status.run(this.#redis, [this.#head], []));
    const [timeMs, primary, blessed, history, blessing, origin, asOf, appliedNo, validFrom] = answer;
    return {
      timeMs: Number(timeMs),
      primary: primary === '1',
      blessed: blessed === '1',
      history: history ?? '',
      blessing: Number(blessing),
      origin: origin || null,
      asOf: asOf ? Number(asOf) : null,
      appliedNo: appliedNo ? parseVersion(appliedNo) : null,
      validFrom: validFrom ? Number(validFrom) : null,
    };
  }

  async append(blessing: number, entries: readonly LogEntry[]): Promise<Appended> {
    const args = [blessing, limits.logLength, ...entries.map(encodeLogEntry)];
    const answer = strings(await scripts.append.run(this.#redis, [this.#head, this.#log], args));
    const [kind, history, actual, lastId] = answer;
    if (kind === 'unblessed') throw unblessed();
    if (kind !== 'ok') {
      throw new FreshetError(
        'FRESHET_OTHER_BLESSING',
        `This Redis is under blessing ${actual}, not ${blessing}: begin again.`,
        { retryable: true },
      );
    }
    return { history: history ?? '', blessing: Number(actual), lastId: lastId ?? '' };
  }

  async renew(replicaId: string, lastId: string, leaseMs: number): Promise<Renewal> {
    const keys = [this.#head, this.#log, this.#applied, this.#leases];
    const args = [replicaId, lastId, leaseMs, limits.logLength, limits.forgetReplicaMs];
    const [kind, ...answer] = strings(await scripts.renew.run(this.#redis, keys, args));
    if (kind === 'unblessed' || kind === 'no-watermark') return { kind };
    const blessing = Number(answer[0]);
    const validFrom = Number(answer[1]);
    const newLastId = answer[2] ?? '';
    if (kind === 'reset') return { kind, blessing, validFrom, lastId: newLastId };
    if (kind !== 'ok') throw unexpected('RENEW');
    const [grantedMs, ageMs, asOf, maxStalenessMs, ...entries] = answer.slice(3);
    return {
      kind,
      blessing,
      validFrom,
      lastId: newLastId,
      leaseMs: Number(grantedMs),
      ageMs: Number(ageMs),
      asOf: Number(asOf),
      maxStalenessMs: Number(maxStalenessMs),
      entries: entries.map(decodeLogEntry),
    };
  }

  async release(replicaId: string): Promise<void> {
    await scripts.release.run(this.#redis, [this.#applied, this.#leases], [replicaId]);
  }

  async laggards(logId: string): Promise<Laggards> {
    const keys = [this.#head, this.#applied, this.#leases];
    const answer = strings(await scripts.laggards.run(this.#redis, keys, [logId]));
    const [kind, history, blessing, count, waitMs] = answer;
    if (kind !== 'ok') throw unblessed();
    return {
      history: history ?? '',
      blessing: Number(blessing),
      count: Number(count),
      waitMs: Number(waitMs),
    };
  }

  async watermark(mark: {
    history: string;
    blessing: number;
    timeMs: number;
    appliedNo: Version;
  }): Promise<boolean> {
    const args = [mark.history, mark.blessing, mark.timeMs, mark.appliedNo];
    return (await scripts.watermark.run(this.#redis, [this.#head], args)) === 1;
  }

  async bless(blessing: Blessing): Promise<boolean> {
    const args = [
      blessing.blessing,
      blessing.history,
      blessing.validFrom,
      blessing.origin,
      blessing.asOf,
      blessing.appliedNo,
      blessing.limits.leaseMs,
      blessing.limits.maxStalenessMs,
      blessing.limits.strongTransactionMs,
    ];
    return (await scripts.bless.run(this.#redis, [this.#head, this.#log], args)) === 1;
  }

  async replicas(): Promise<ReplicaRecord[]> {
    const keys = [this.#head, this.#applied, this.#leases];
    const [timeMs, lastId, ...rest] = strings(await scripts.replicas.run(this.#redis, keys, []));
    const records: ReplicaRecord[] = [];
    for (let index = 0; index < rest.length; index += 3) {
      const leaseUntilMs = Number(rest[index + 1]);
      const appliedId = rest[index + 2] ?? '';
      records.push({
        replicaId: rest[index] ?? '',
        leaseUntilMs,
        live: leaseUntilMs > Number(timeMs),
        appliedId,
        lag: distance(appliedId, lastId ?? ''),
      });
    }
    return records;
  }

  async ring(): Promise<void> {
    await this.#redis.publish(replicaDoorbell(this.#domain), '');
  }

  async ringRelays(): Promise<void> {
    await this.#redis.publish(outboxDoorbell(this.#domain), '');
  }

  #connectionChanged(event: 'lost' | 'ready'): void {
    this.#generation++;
    for (const listener of this.#listeners) listener(event);
  }
}

function strings(answer: unknown): string[] {
  if (!Array.isArray(answer)) throw unexpected('a script');
  return answer.map(String);
}

function distance(fromId: string, toId: string): number | null {
  const [fromBlessing, from] = fromId.split('-');
  const [toBlessing, to] = toId.split('-');
  return fromBlessing === toBlessing && from !== undefined && to !== undefined
    ? Number(to) - Number(from)
    : null;
}

function unblessed(): FreshetError {
  return new FreshetError(
    'FRESHET_UNBLESSED',
    'This Redis has not been brought up to date by a relay yet. Is an invalidation-relay running?',
    { retryable: true },
  );
}

function unexpected(what: string): FreshetError {
  return new FreshetError(
    'FRESHET_REDIS',
    `Redis gave an answer to ${what} that this release does not know.`,
  );
}
