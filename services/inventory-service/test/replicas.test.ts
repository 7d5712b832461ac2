import type { TestDatabase } from '@freshet/test-kit';
import {
  problemIn,
  type FreshetProcess,
  runSql,
  startSystem,
  type System,
  untilHit,
} from '@freshet/test-kit/system';
import { beforeAll, describe, expect, it } from 'vitest';

let system: System;
let database: TestDatabase;
let first: FreshetProcess;
let second: FreshetProcess;
beforeAll(async () => {
  system = await startSystem({ domains: ['inventory'] });
  database = system.databases.inventory as TestDatabase;
  [first, second] = system.replicas.inventory as [FreshetProcess, FreshetProcess];
});

let products = 0;

/** A product with stock, both of which both replicas hold in memory. */
async function rememberedProduct(quantity: number): Promise<string> {
  const id = `product-${++products}`;
  await first.send('PUT', `/products/${id}`, { body: { name: id, description: '', priceCents: 1 } });
  await first.send('PUT', `/inventory/${id}`, { body: { quantity } });
  for (const replica of [first, second]) {
    await untilHit(replica, `/products/${id}`);
    await untilHit(replica, `/inventory/${id}`);
  }
  return id;
}

/** What each replica answers: this field, or the status when it answers none. */
const bothAt = (path: string, field: string) =>
  Promise.all(
    [first, second].map(async (replica) => {
      const { status, json } = await replica.send('GET', path);
      return json?.[field] ?? status;
    }),
  );

const patiently = { timeout: 10_000 };

describe('stock on two replicas', () => {
  it('is never oversold: of 200 reservations of one unit, 100 get one of the 100', async () => {
    const id = await rememberedProduct(100);
    const answers = await Promise.all(
      Array.from({ length: 200 }, (_, n) =>
        (n % 2 === 0 ? first : second).send('POST', `/inventory/${id}/reservations`, {
          body: { quantity: 1 },
        }),
      ),
    );
    const [taken, refused] = [201, 409].map((status) => answers.filter((answer) => answer.status === status));
    expect(answers.map(({ status }) => status).filter((status) => status !== 201 && status !== 409)).toEqual(
      [],
    );
    expect(taken).toHaveLength(100);
    expect(refused).toHaveLength(100);
    // Each was told what it left behind: no two of them the same.
    expect(new Set(taken?.map(({ json }) => json?.['quantity']))).toEqual(
      new Set(Array.from({ length: 100 }, (_, n) => n)),
    );
    for (const replica of [first, second]) {
      expect((await replica.send('GET', `/inventory/${id}`)).json?.['quantity']).toBe(0);
    }
    const rows = await runSql(database, 'select quantity from stock where product_id = $1', [id]);
    expect(rows).toEqual([{ quantity: 0 }]);
  });

  it('that one wrote is read from the other at once, out of whose memory it was taken first', async () => {
    const id = await rememberedProduct(0);
    const path = `/inventory/${id}`;
    for (let quantity = 1; quantity <= 30; quantity += 1) {
      const [writer, reader] = quantity % 2 === 0 ? [first, second] : [second, first];
      await untilHit(reader, path);
      const written = await writer.send('PUT', path, { body: { quantity } });
      expect(written.status).toBe(200);
      expect((await reader.send('GET', path)).json).toEqual(written.json);
    }
  });

  it('that one deleted, or whose product it deleted, is not read from the other any more', async () => {
    const [id, other] = [await rememberedProduct(1), await rememberedProduct(1)];
    expect((await first.send('DELETE', `/inventory/${id}`)).status).toBe(204);
    expect(problemIn(await second.send('GET', `/inventory/${id}`))).toBe('404 NOT_FOUND');
    expect((await first.send('DELETE', `/products/${other}`)).status).toBe(204);
    expect(problemIn(await second.send('GET', `/inventory/${other}`))).toBe('404 NOT_FOUND');
  });

  it('changed, deleted and inserted again in SQL is picked up by both', async () => {
    const id = await rememberedProduct(1);
    const path = `/inventory/${id}`;
    await runSql(database, 'update stock set quantity = 77 where product_id = $1', [id]);
    await expect.poll(() => bothAt(path, 'quantity'), patiently).toEqual([77, 77]);
    for (const replica of [first, second]) await untilHit(replica, path);
    await runSql(database, 'delete from stock where product_id = $1', [id]);
    await expect.poll(() => bothAt(path, 'version'), patiently).toEqual([404, 404]);
    for (const replica of [first, second]) await untilHit(replica, path);
    await runSql(database, 'insert into stock (product_id, quantity) values ($1, 78)', [id]);
    await expect.poll(() => bothAt(path, 'quantity'), patiently).toEqual([78, 78]);
  });

  it('cannot be oversold in SQL either', async () => {
    const id = await rememberedProduct(1);
    await expect(
      runSql(database, 'update stock set quantity = quantity - 2 where product_id = $1', [id]),
    ).rejects.toThrow(/check constraint/);
  });
});

describe('products on two replicas', () => {
  it('replaced through one are taken out of the memory of the other', async () => {
    const id = await rememberedProduct(1);
    const body = { name: 'renamed', description: '', priceCents: 2 };
    await first.send('PUT', `/products/${id}`, { body });
    await expect.poll(() => bothAt(`/products/${id}`, 'name'), patiently).toEqual(['renamed', 'renamed']);
  });

  it('changed, deleted and inserted again in SQL are picked up by both', async () => {
    const id = await rememberedProduct(1);
    const path = `/products/${id}`;
    await runSql(database, 'update products set price_cents = 77 where id = $1', [id]);
    await expect.poll(() => bothAt(path, 'priceCents'), patiently).toEqual([77, 77]);
    for (const replica of [first, second]) await untilHit(replica, path);
    await runSql(database, 'delete from products where id = $1', [id]);
    await expect.poll(() => bothAt(path, 'version'), patiently).toEqual([404, 404]);
    await expect.poll(() => bothAt(`/inventory/${id}`, 'version'), patiently).toEqual([404, 404]);
    for (const replica of [first, second]) await untilHit(replica, path);
    await runSql(
      database,
      `insert into products (id, name, description, price_cents) values ($1, 'x', '', 78)`,
      [id],
    );
    await expect.poll(() => bothAt(path, 'priceCents'), patiently).toEqual([78, 78]);
  });
});
