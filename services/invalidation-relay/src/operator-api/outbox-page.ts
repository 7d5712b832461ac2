import { invalidRequest } from '@freshet/service-kit';
import * as z from 'zod';
import type { OpenDomain } from '../domain/open-domain.ts';
import { type Answers, askEach, namedDomains } from './across-domains.ts';
import type { Invalidation, Page } from './operator-store.ts';

const MOST_ITEMS = 200;

export const pageQuery = z.strictObject({
  domain: z.string().max(63).optional().describe('Of this domain only'),
  limit: z
    .string()
    .regex(/^\d{1,3}$/)
    .transform(Number)
    .pipe(z.number().min(1).max(MOST_ITEMS))
    .default(50)
    .describe('Items at most'),
  cursor: z.string().max(4_000).optional().describe('nextCursor of the page before'),
});

/** Where each domain's list goes on: only ids below. */
const positionSchema = z.record(z.string(), z.string().regex(/^[1-9]\d{0,18}$/));
type Position = z.output<typeof positionSchema>;

export interface OutboxPage extends Pick<Answers<unknown>, 'unavailable'> {
  items: { domain: string; row: Invalidation }[];
  nextCursor?: string;
}

/**
 * One page of rows of all domains, newest first. Ids order the rows of one domain only, so a cursor holds one
 * position for each: nothing is left out and nothing comes twice, whatever is written meanwhile.
 * @throws Problem 400 for a cursor that this API did not give out, and for an unknown domain.
 */
export async function readPage(
  domains: readonly OpenDomain[],
  { domain: name, limit, cursor }: z.output<typeof pageQuery>,
  list: (domain: OpenDomain, page: Page) => Promise<Invalidation[]>,
): Promise<OutboxPage> {
  const position = cursor === undefined ? {} : decode(cursor);
  const { answers, unavailable } = await askEach(namedDomains(domains, name), (domain) =>
    // One more than is shown tells whether there is another page.
    list(domain, { limit: limit + 1, beforeId: position[domain.name] ?? null }),
  );
  const queues = answers.map(({ domain, value }) => ({ domain: domain.name, rows: value }));
  const items: OutboxPage['items'] = [];
  while (items.length < limit) {
    const newest = queues
      .filter(({ rows }) => rows.length > 0)
      .toSorted((a, b) => ((a.rows[0]?.createdAt ?? '') < (b.rows[0]?.createdAt ?? '') ? 1 : -1))[0];
    const row = newest?.rows.shift();
    if (newest === undefined || row === undefined) break;
    items.push({ domain: newest.domain, row });
    position[newest.domain] = row.id;
  }
  const more = queues.some(({ rows }) => rows.length > 0);
  return { items, ...(more && { nextCursor: encode(position) }), ...(unavailable && { unavailable }) };
}

function encode(position: Position): string {
  return Buffer.from(JSON.stringify(position)).toString('base64url');
}

function decode(cursor: string): Position {
  try {
    return { ...positionSchema.parse(JSON.parse(Buffer.from(cursor, 'base64url').toString())) };
  } catch {
    throw invalidRequest(
      'This cursor is not one of this API. Use the nextCursor of a page as it is, or leave it out.',
    );
  }
}
