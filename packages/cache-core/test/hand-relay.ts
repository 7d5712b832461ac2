import { connectRedis } from '@freshet/cache-core';
import {
  type LogEntry,
  MAX_VERSION,
  type Protocol,
  physicalKey,
  redisProtocol,
  THIS_POSTGRES,
} from '@freshet/cache-core/protocol';
import { disposeAtEnd, eventually } from '@freshet/test-kit';
import type { Pool } from 'pg';

interface OutboxRow {
  id: string;
  service: string;
  entity: string;
  id_parts: string[] | null;
  version: string;
}

const LIMITS = { leaseMs: 1_500, maxStalenessMs: 2_000, strongTransactionMs: 2_000 };

/** A relay that does only what a test tells it, step by step, so that a test can stand between any two of them. */
export class HandRelay {
  readonly protocol: Protocol;
  readonly #pool: Pool;
  #ticker: NodeJS.Timeout | undefined;

  constructor(protocol: Protocol, pool: Pool) {
    this.protocol = protocol;
    this.#pool = pool;
  }

  static async start(redisUrl: string, pool: Pool, domain: string): Promise<HandRelay> {
    const redis = connectRedis(redisUrl, { commandTimeoutMs: 2_000 });
    disposeAtEnd("The hand relay's Redis connection", async () => redis.disconnect());
    await eventually(() => redis.status === 'ready', { what: 'the hand relay is connected' });
    const relay = new HandRelay(redisProtocol(redis, domain), pool);
    disposeAtEnd("The hand relay's ticker", async () => relay.stopTicking());
    return relay;
  }

  /** Records the next blessing in Postgres and brings the server up to date by voiding what it holds. */
  async bless(): Promise<number> {
    const number = await this.recordBlessing();
    const { history, timeMs } = await this.protocol.status();
    const blessed = await this.protocol.bless({
      blessing: number,
      history,
      validFrom: number,
      origin: 'test',
      asOf: timeMs,
      appliedNo: '0',
      limits: LIMITS,
    });
    if (!blessed) throw new Error('The blessing was refused.');
    return number;
  }

  async recordBlessing(): Promise<number> {
    const { history } = await eventually(() => this.protocol.status(), {
      what: 'the hand relay is connected',
    });
    const { rows } = await this.#pool.query<{ number: string }>(
      `insert into freshet.blessing (number, history, origin, lease_ms, max_staleness_ms, strong_transaction_ms, recorded_by)
       select coalesce(max(number), 0) + 1, $1, ${THIS_POSTGRES}, $2, $3, $4, 'hand' from freshet.blessing returning number`,
      [history, LIMITS.leaseMs, LIMITS.maxStalenessMs, LIMITS.strongTransactionMs],
    );
    return Number(rows[0]?.number);
  }

  /** Moves the watermark to now, whatever is pending: the test says what is true. */
  async tick(): Promise<void> {
    const { history, blessing, timeMs } = await this.protocol.status();
    await this.protocol.watermark({ history, blessing, timeMs, appliedNo: '0' });
  }

  /** Ticks every 50 ms until `stopTicking`. */
  keepTicking(): void {
    this.#ticker ??= setInterval(() => {
      this.tick().catch(() => {
        // The server may be down on purpose.
      });
    }, 50);
  }

  stopTicking(): void {
    clearInterval(this.#ticker);
    this.#ticker = undefined;
  }

  /** Every pending row: DROP, append, mark; then the doorbell, unless it is to be lost. */
  async drain({ ring = true } = {}): Promise<void> {
    const rows = await this.pending();
    await this.drop(rows);
    await this.append(rows);
    if (ring) await this.protocol.ring();
    await this.#pool.query(
      `update freshet.invalidation_outbox set applied_at = now(), applied_no = nextval('freshet.applied_no_seq')
        where id = any($1)`,
      [rows.map(({ id }) => id)],
    );
  }

  async pending(): Promise<OutboxRow[]> {
    const { rows } = await this.#pool.query<OutboxRow>(
      `select id, service, entity, id_parts, version from freshet.invalidation_outbox
        where applied_at is null and dead_at is null order by id`,
    );
    return rows;
  }

  async drop(rows: OutboxRow[]): Promise<void> {
    for (const { service, entity, id_parts, version } of rows) {
      if (id_parts === null) continue;
      for (const number of [1, 2]) {
        await this.protocol.drop(physicalKey(service, entity, number, id_parts), version);
      }
    }
  }

  async append(rows: OutboxRow[]): Promise<void> {
    const entries = rows.map(({ service, entity, id_parts, version }): LogEntry => {
      if (id_parts === null) return { kind: 'entity', key: `${service}:${entity}`, version: MAX_VERSION };
      return { kind: 'key', key: physicalKey(service, entity, 1, id_parts), version };
    });
    await this.protocol.append((await this.protocol.status()).blessing, entries);
  }
}
