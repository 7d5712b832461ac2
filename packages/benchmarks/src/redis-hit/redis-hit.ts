import { type Item, type ItemsSource, itemIds, openItems, warm } from '../ground/items.ts';
import { sideBySide } from '../measure/side-by-side.ts';
import type { Spread } from '../measure/statistics.ts';
import type { Result } from '../result.ts';

const inFlight = 64;
const atLeast = 0.9;

/**
 * An L2 hit against GET and JSON.parse of the same stored text, each with 64 in flight on an equal connection.
 * L1 remembers a single entry and the reads go round 1,024 keys, so none of them finds its own there; the cache's
 * counters confirm that each was a hit in L2.
 */
export async function redisHit(source: ItemsSource): Promise<Result[]> {
  const open = await openItems(source, { maxEntries: 1 });
  try {
    await warm(open, 'l2');
    const { items, cache } = open;
    const redis = await open.connect();
    const l2Hits = (): number => cache.stats()['item']?.l2Hits ?? 0;
    const [measured] = await sideBySide({
      baseline: {
        name: 'GET and JSON.parse',
        run: (operations) =>
          together(operations, async (id) => {
            const text = await redis.get(`bench:item:${id}`);
            return (JSON.parse(text ?? '{}') as { d?: Item }).d;
          }),
      },
      others: [
        {
          name: 'get',
          async run(operations) {
            const before = l2Hits();
            await together(operations, (id) => items.get(id));
            return l2Hits() - before === operations;
          },
        },
      ],
      operations: 8_192,
      rounds: 21,
      warmUpRounds: 5,
    });
    if (measured === undefined) return [];
    const { elapsed, cpu, discarded } = measured;
    const compared = { kind: 'comparison' as const, against: 'GET + JSON.parse', discarded };
    return [
      {
        ...compared,
        what: `L2 hits, ${inFlight} in flight`,
        unit: 'req/s',
        measured: 1e6 / elapsed.us,
        baseline: 1e6 / elapsed.baselineUs,
        ratio: inverse(elapsed.ratio),
        target: { atLeast },
      },
      {
        ...compared,
        what: 'L2 hit: CPU',
        unit: 'µs',
        measured: cpu.us,
        baseline: cpu.baselineUs,
        ratio: cpu.ratio,
        target: { atMost: 1 / atLeast },
      },
    ];
  } finally {
    await open.close();
  }
}

/** Of rates, from that of times. */
function inverse({ min, median, max }: Spread): Spread {
  return { min: 1 / max, median: 1 / median, max: 1 / min };
}

/** So many reads, of one key after the other, with 64 under way at any time. */
async function together(
  operations: number,
  read: (id: string) => Promise<Item | null | undefined>,
): Promise<boolean> {
  let next = 0;
  let right = 0;
  async function reader(): Promise<void> {
    while (next < operations) {
      const id = itemIds[next++ % itemIds.length] ?? '';
      const item = await read(id);
      if (item?.id === id) right++;
    }
  }
  await Promise.all(Array.from({ length: inFlight }, reader));
  return right === operations;
}
