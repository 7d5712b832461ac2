import { ms, type Page } from './page.ts';
import { type Answer, request, type Pair } from './replica.ts';

/** Reads the same thing until it is in the memory of both replicas. */
export async function showLayers(page: Page, { first, second }: Pair, path: string): Promise<void> {
  page.step('It is read: each layer answers in its turn');
  const reads: readonly (readonly [name: string, url: string, layer: Answer['layer']])[] = [
    ['replica 1', first, 'Postgres'],
    ['replica 2', second, 'L2'],
    ['replica 1', first, 'L1'],
    ['replica 2', second, 'L1'],
  ];
  const seen: Answer['layer'][] = [];
  for (const [name, url] of reads) {
    const answer = await request('GET', `${url}${path}`);
    page.seen(`GET on ${name}`, `from ${answer.layer}, ${ms(answer.tookMs)}`);
    page.text(answer.status === 200 ? `Cache-Status: ${answer.cacheStatus}` : `status ${answer.status}`);
    seen.push(answer.layer);
  }
  const promised = reads.map(([, , layer]) => layer).join(', ');
  page.promise(seen.join(', ') === promised, `answered by ${promised}`, seen.join(', '));
}
