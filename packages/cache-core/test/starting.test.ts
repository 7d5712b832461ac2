import { ttl } from '@freshet/cache-core';
import { startFaultProxy } from '@freshet/test-kit';
import { beforeAll, describe, expect, test } from 'vitest';
import { Shop } from './shop.ts';

let shop: Shop;

beforeAll(async () => {
  shop = await Shop.open();
});

const refused = expect.objectContaining({ code: 'FRESHET_INVALID_OPTIONS', retryable: false });

describe('a cache that was started', () => {
  test('takes no further entity: its schema version would be registered too late', async () => {
    const { cache } = await shop.replica({ leased: false });
    const late = { entity: 'late', ttl: ttl.profile, maxStaleness: 2_000, load: async () => null };
    expect(() => cache.aside(late)).toThrow(refused);
    expect(() => cache.writeThrough(late)).toThrow(refused);
  });

  test('is not started again', async () => {
    const { cache } = await shop.replica({ leased: false });
    await expect(cache.start()).rejects.toThrow(refused);
  });
});

describe("timings that do not fit the domain's lease are refused at start", () => {
  let strict: Shop;

  beforeAll(async () => {
    strict = await Shop.open();
    await strict.pool.query('update freshet.blessing set lease_ms = 1400');
  });

  test('one lost renewal loses the lease', async () => {
    await expect(strict.replica({ leased: false })).rejects.toThrow(/renewEveryMs.*1400 ms/);
    await strict.replica({ leased: false, timings: { renewEveryMs: 466 } });
  });

  test('a fence that ends before the lease of a replica that is cut off', async () => {
    await strict.pool.query('update freshet.blessing set lease_ms = 3000');
    await expect(strict.replica({ leased: false })).rejects.toThrow(/fenceMs.*3000 ms/);
    await strict.replica({ leased: false, timings: { fenceMs: 5_100 } });
  });
});

describe('where COMMIT waits for a synchronous standby', () => {
  /** As a server with `synchronous_standby_names` answers: the real setting would stop every test's commits. */
  async function pretendStandby(): Promise<string> {
    const own = await Shop.open();
    await own.pool.query(
      `create function public.current_setting(name text) returns text language sql as $$
         select case when name = 'synchronous_standby_names' then 'standby' else pg_catalog.current_setting(name) end $$`,
    );
    return own.databaseUrl;
  }

  const settings = (synchronousCommit: string): string =>
    `?options=${encodeURIComponent(`-c search_path=public,pg_catalog -c synchronous_commit=${synchronousCommit}`)}`;

  test('a replica that writes strongly does not start', async () => {
    const url = await pretendStandby();
    await expect(shop.replica({ leased: false, databaseUrl: url + settings('on') })).rejects.toThrow(refused);
    await shop.replica({ leased: false, databaseUrl: url + settings('local') });
  });

  test('G4: nor does it write, if Postgres could not be asked at start', async () => {
    const url = await pretendStandby();
    const proxy = await startFaultProxy({ url });
    await proxy.refuse();
    const { stock } = await shop.replica({ databaseUrl: proxy.url + settings('on') });
    await proxy.accept();
    await expect(stock.write('1', async () => {})).rejects.toThrow(refused);
  });
});
