import { eventually } from '../eventually.ts';
import type { FreshetProcess } from './freshet-process.ts';
import type { Answer } from './request.ts';

/**
 * Reads until the answer comes from this layer. After a write it takes a moment: its invalidation is still on its way
 * through the log, and empties memory once more.
 */
export async function untilHit(
  process: FreshetProcess,
  path: string,
  layer: 'l1' | 'l2' = 'l1',
): Promise<Answer> {
  return eventually(
    async () => {
      const answer = await process.send('GET', path);
      const status = String(answer.headers['cache-status']);
      if (!status.includes(`; detail=${layer}`)) throw new Error(`${answer.status}, Cache-Status: ${status}`);
      return answer;
    },
    { what: `${process.name} answers ${path} from ${layer}` },
  );
}

/** Reads until the answer comes from Postgres because the caches are not to be believed. Each answer must be a good one. */
export async function untilBypassed(process: FreshetProcess, path: string): Promise<void> {
  await eventually(
    async () => {
      const { status, headers } = await process.send('GET', path);
      const cacheStatus = String(headers['cache-status']);
      if (status !== 200 || !/^[a-z-]+; fwd=bypass; detail=/.test(cacheStatus))
        throw new Error(`${status}, Cache-Status: ${cacheStatus}`);
    },
    { what: `${process.name} reads ${path} from Postgres` },
  );
}
