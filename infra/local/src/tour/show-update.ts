import { ms, type Page } from './page.ts';
import { request, untilAnswer, type Pair } from './replica.ts';

/** What profiles promise: no answer is older than this. */
export const MAX_STALENESS_MS = 2_000;

/** Changes a user through one replica; the other, which has it in memory, must show the change. */
export async function showUpdate(page: Page, { first, second }: Pair, path: string): Promise<void> {
  page.step('An update through replica 1; replica 2 holds the old one in memory');
  const name = 'Ada Lovelace';
  const visible = untilAnswer(`${second}${path}`, ({ body }) => body['name'] === name, 2 * MAX_STALENESS_MS);
  const patched = await request('PATCH', `${first}${path}`, { name });
  const seenAfterMs = await visible;
  page.seen(
    'PATCH through replica 1',
    `${patched.status}, version ${patched.version}, ${ms(patched.tookMs)}`,
  );
  page.seen(
    'the new name on replica 2',
    seenAfterMs === undefined ? 'not seen' : `${ms(seenAfterMs)} after the PATCH was sent`,
  );
  page.promise(
    patched.status === 200 && seenAfterMs !== undefined && seenAfterMs - patched.tookMs <= MAX_STALENESS_MS,
    `replica 2 is new within ${MAX_STALENESS_MS / 1000} s, whatever gets lost`,
    seenAfterMs === undefined
      ? 'the old name, for twice as long'
      : `${ms(seenAfterMs)}, PATCH answered ${patched.status}`,
  );
}
