import { setTimeout as delay } from 'node:timers/promises';
import { disposeAtEnd } from '@freshet/test-kit';
import type { FreshetProcess, System } from '@freshet/test-kit/system';

const PEOPLE = ['Ada', 'Grace', 'Alan', 'Barbara', 'Edsger', 'Donald'];
const PRODUCTS = ['lamp', 'chair', 'desk', 'shelf'];
const BETWEEN_ROUNDS_MS = 150;

/** Readers, and a writer now and then, until the scene is over. */
export async function trafficOf({ replicas: { user, inventory } }: System): Promise<void> {
  const [firstUser, firstInventory] = [user[0], inventory[0]];
  const ids: string[] = [];
  for (const name of PEOPLE) {
    const body = { name, email: `${name.toLowerCase()}@example.org` };
    ids.push(String((await firstUser?.send('POST', '/users', { body }))?.json?.['id']));
  }
  for (const id of PRODUCTS) {
    await firstInventory?.send('PUT', `/products/${id}`, {
      body: { name: id, description: '', priceCents: 4_900 },
    });
    await firstInventory?.send('PUT', `/inventory/${id}`, { body: { quantity: 1_000 } });
  }

  const over = new AbortController();
  const running = run(over.signal, async (round) => {
    const reads = ids.map((id) => `/users/${id}`);
    await Promise.allSettled(user.flatMap((replica) => reads.map((path) => read(replica, path))));
    await Promise.allSettled(
      inventory.flatMap((replica) => PRODUCTS.map((id) => read(replica, `/inventory/${id}`))),
    );
    if (round % 5 === 0) {
      await firstUser?.send('PATCH', `/users/${ids[round % ids.length]}`, {
        body: { name: `Name ${round}` },
      });
    }
    if (round % 7 === 0) {
      await firstInventory?.send('POST', '/inventory/lamp/reservations', { body: { quantity: 1 } });
    }
  });
  disposeAtEnd('traffic', async () => {
    over.abort();
    await running;
  });
}

async function run(signal: AbortSignal, once: (round: number) => Promise<void>): Promise<void> {
  for (let round = 0; !signal.aborted; round++) {
    // What fails, fails: it is what the scene is about.
    await once(round).catch(() => undefined);
    await delay(BETWEEN_ROUNDS_MS);
  }
}

async function read(replica: FreshetProcess, path: string): Promise<void> {
  await replica.send('GET', path);
}
