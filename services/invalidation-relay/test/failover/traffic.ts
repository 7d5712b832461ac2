import { isFreshetError, type Version } from '@freshet/cache-core';
import { disposeAtEnd } from '@freshet/test-kit';
import { setTimeout as delay } from 'node:timers/promises';
import { type FailoverShop, IDS, type Replica, TABLES } from './failover-shop.ts';
import type { Recorded, Table } from './recorded.ts';

/** How long a client rests between two requests: so that all of them together leave the machine some time. */
const REST_MS = 4;

/** Clients that read and write until they are told to stop, and what they saw. */
export class Traffic {
  readonly records: Recorded[] = [];
  readonly #shop: FailoverShop;
  readonly #running: Promise<void>[] = [];
  #stopped = false;

  private constructor(shop: FailoverShop) {
    this.#shop = shop;
    disposeAtEnd('Traffic', () => this.stop());
  }

  /** What is there already counts as written before all that follows. */
  static async over(shop: FailoverShop): Promise<Traffic> {
    const traffic = new Traffic(shop);
    const at = performance.now();
    for (const table of TABLES) {
      for (const id of IDS) {
        const version = await shop.versionOf(table, id);
        traffic.records.push({
          who: 'the test',
          kind: 'write',
          table,
          id,
          startedAt: at,
          endedAt: at,
          version,
        });
      }
    }
    return traffic;
  }

  /** Readers, and a writer of each kind, at one replica. */
  at(replica: Replica): void {
    for (const table of TABLES) {
      for (let count = 0; count < 2; count++) {
        this.#repeat(replica.name, 'read', table, async (id, record) => {
          const { version, cache } = await replica[table].read(id);
          record.layer = cache.hit ?? 'origin';
          return version;
        });
      }
    }
    this.#repeat(replica.name, 'write', 'item', (id) => replica.writeItem(id));
    this.#repeat(replica.name, 'write', 'stock', async (id) => {
      const { version } = await replica.stock.write(id, (client) =>
        client.query('update stock set quantity = quantity + 1 where id = $1', [id]),
      );
      return version;
    });
  }

  bySql(): void {
    this.#repeat('psql', 'write', 'item', (id) => this.#shop.writeBySql('item', id));
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#running);
  }

  /** The strong writes that failed, with why. */
  refused(): Recorded[] {
    return this.records.filter(
      ({ table, kind, error }) => table === 'stock' && kind === 'write' && error !== undefined,
    );
  }

  #repeat(
    who: string,
    kind: Recorded['kind'],
    table: Table,
    act: (id: string, record: Recorded) => Promise<Version>,
  ): void {
    const run = async (): Promise<void> => {
      for (let turn = 0; !this.#stopped; turn++) {
        const id = IDS[turn % IDS.length] ?? '';
        const record: Recorded = {
          who,
          kind,
          table,
          id,
          startedAt: performance.now(),
          endedAt: Number.POSITIVE_INFINITY,
          version: null,
        };
        try {
          record.version = await act(id, record);
          record.endedAt = performance.now();
        } catch (error) {
          record.error = error;
        }
        this.records.push(record);
        // Not a wait for anything: the pace of a client.
        await delay(kind === 'read' ? REST_MS : 5 * REST_MS);
      }
    };
    this.#running.push(run());
  }
}

/** Whether whoever made this strong write was told that it may be tried again, or that its outcome is not known. */
export function isHonest({ error }: Recorded): boolean {
  return isFreshetError(error) && (error.retryable || error.code === 'FRESHET_COMMIT_UNKNOWN');
}
