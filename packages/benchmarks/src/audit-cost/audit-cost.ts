import { setTimeout as pause } from 'node:timers/promises';
import { Client } from 'pg';
import type { Ground } from '../ground/ground.ts';
import { type ItemsSource, itemIds, openItems, startItems, warm } from '../ground/items.ts';
import { spread } from '../measure/statistics.ts';
import type { Result } from '../result.ts';

const ROUNDS = 12;
const ROUND_MS = 5_000;
const UPDATE_EVERY_MS = 100;
const ROWS_AT_ONCE = 5;

/**
 * Processor time of a relay that audits its domain, by default, less that of one that does not, both with the same to do: two
 * replicas that hold every item, and fifty updates a second.
 */
export async function auditCost(ground: Ground): Promise<Result[]> {
  const sources = [
    await startItems(ground, 'audited'),
    await startItems(ground, 'plain', { FRESHET_AUDIT_KEYS_PER_SECOND: '0' }),
  ];
  const l1 = { maxEntries: itemIds.length };
  const replicas = await Promise.all([...sources, ...sources].map((source) => openItems(source, l1)));
  const stop = new AbortController();
  const updating = sources.map((source) => update(source, stop.signal));
  try {
    for (const replica of replicas) await warm(replica, 'l1').catch(() => {});
    const shares: number[] = [];
    for (let round = 0; round <= ROUNDS; round++) {
      const begin = performance.now();
      const before = await Promise.all(sources.map(processorSeconds));
      await pause(ROUND_MS);
      const after = await Promise.all(sources.map(processorSeconds));
      const [audited = 0, plain = 0] = after.map((seconds, index) => seconds - (before[index] ?? 0));
      // The first one is for what the relays compile.
      if (round > 0) shares.push((audited - plain) / ((performance.now() - begin) / 1_000));
    }
    return [
      {
        kind: 'share',
        what: 'audit of a domain, by default',
        share: spread(shares),
        target: { atMost: 0.01 },
      },
    ];
  } finally {
    stop.abort();
    await Promise.all(updating);
    for (const replica of replicas) await replica.close();
  }
}

async function update({ databaseUrl }: ItemsSource, signal: AbortSignal): Promise<void> {
  const client = new Client({ connectionString: databaseUrl });
  await client.connect();
  for (let round = 0; !signal.aborted; round++) {
    const first = (round * ROWS_AT_ONCE) % itemIds.length;
    await client.query('update items set body = body where id = any($1)', [
      itemIds.slice(first, first + ROWS_AT_ONCE),
    ]);
    await pause(UPDATE_EVERY_MS);
  }
  await client.end();
}

async function processorSeconds({ relayUrl }: ItemsSource): Promise<number> {
  const text = await (await fetch(`${relayUrl}/metrics`)).text();
  const [, seconds = ''] = /^process_cpu_seconds_total (\S+)/m.exec(text) ?? [];
  return Number(seconds);
}
