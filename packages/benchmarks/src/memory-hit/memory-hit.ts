import { LRUCache } from 'lru-cache';
import {
  type Item,
  type ItemsSource,
  itemIds,
  type OpenItems,
  openItems,
  price,
  warm,
} from '../ground/items.ts';
import { type Contender, sideBySide } from '../measure/side-by-side.ts';
import type { Result } from '../result.ts';

/** An awaited L1 hit against lru-cache, which does nothing but remember, awaited the same way. */
export async function memoryHit(source: ItemsSource): Promise<Result[]> {
  const open = await openItems(source, { maxEntries: 10_000 });
  try {
    await warm(open, 'l1');
    const lru = new LRUCache<string, Item>({ max: 10_000 });
    for (const id of itemIds) lru.set(id, (await open.items.get(id)) ?? fail());
    const measured = await sideBySide({
      baseline: { name: 'lru-cache get', run: (operations) => lruHits(lru, operations) },
      others: [getHits(open), readHits(open)],
      operations: 200_000,
      rounds: 21,
      warmUpRounds: 5,
    });
    return measured.flatMap(({ name, elapsed, cpu, discarded }) =>
      [
        { what: `L1 hit, ${name}`, time: elapsed },
        { what: `L1 hit, ${name}: CPU`, time: cpu },
      ].map(({ what, time: { us, baselineUs, ratio } }) => ({
        kind: 'comparison' as const,
        what,
        against: 'lru-cache get',
        unit: 'µs' as const,
        measured: us,
        baseline: baselineUs,
        ratio,
        discarded,
        ...(name === 'get' && { target: { atMost: 2 } }),
      })),
    );
  } finally {
    await open.close();
  }
}

// Three loops, alike to the letter but for what is awaited: one loop with a function to call would be compiled for all
// three, and time the call.

async function lruHits(lru: LRUCache<string, Item>, operations: number): Promise<boolean> {
  let sum = 0;
  for (let index = 0; index < operations; index++) {
    // oxlint-disable-next-line typescript/await-thenable -- it is compared with something that is awaited
    const item = await lru.get(itemIds[index % itemIds.length] ?? '');
    sum += item?.priceCents ?? 0;
  }
  return sum === operations * price;
}

function getHits({ items, cache }: OpenItems): Contender {
  return {
    name: 'get',
    async run(operations) {
      const before = l1Hits(cache);
      let sum = 0;
      for (let index = 0; index < operations; index++) {
        const item = await items.get(itemIds[index % itemIds.length] ?? '');
        sum += item?.priceCents ?? 0;
      }
      return sum === operations * price && l1Hits(cache) - before === operations;
    },
  };
}

function readHits({ items, cache }: OpenItems): Contender {
  return {
    name: 'read',
    async run(operations) {
      const before = l1Hits(cache);
      let sum = 0;
      for (let index = 0; index < operations; index++) {
        const { value } = await items.read(itemIds[index % itemIds.length] ?? '');
        sum += value?.priceCents ?? 0;
      }
      return sum === operations * price && l1Hits(cache) - before === operations;
    },
  };
}

function l1Hits(cache: OpenItems['cache']): number {
  return cache.stats()['item']?.l1Hits ?? 0;
}

function fail(): never {
  throw new Error('An item is missing.');
}
