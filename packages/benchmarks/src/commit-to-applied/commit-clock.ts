import type { Client } from 'pg';

/** Wall time in milliseconds, with the digits that Date.now() lacks. */
export function wallMs(): number {
  return performance.timeOrigin + performance.now();
}

/**
 * When Postgres committed the row's last change, in milliseconds of `wallMs`. It is the same machine's clock; what the
 * two readings of it differ by is taken out.
 */
export class CommitClock {
  readonly #client: Client;
  readonly #aheadMs: number;

  private constructor(client: Client, aheadMs: number) {
    this.#client = client;
    this.#aheadMs = aheadMs;
  }

  static async on(client: Client): Promise<CommitClock> {
    let best = { tripMs: Number.POSITIVE_INFINITY, aheadMs: 0 };
    for (let attempt = 0; attempt < 50; attempt++) {
      const before = wallMs();
      const { rows } = await client.query<{ ms: string }>(
        'select extract(epoch from clock_timestamp()) * 1000 as ms',
      );
      const after = wallMs();
      const aheadMs = Number(rows[0]?.ms) - (before + after) / 2;
      if (after - before < best.tripMs) best = { tripMs: after - before, aheadMs };
    }
    return new CommitClock(client, best.aheadMs);
  }

  async committedAt(userId: string): Promise<number> {
    const { rows } = await this.#client.query<{ ms: string }>(
      'select extract(epoch from pg_xact_commit_timestamp(xmin)) * 1000 as ms from users where id = $1',
      [userId],
    );
    return Number(rows[0]?.ms) - this.#aheadMs;
  }
}
