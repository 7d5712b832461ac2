import type { Redis } from 'ioredis';
import * as z from 'zod';
import { type Finding, findingSchema, type TtlScan, ttlScanSchema } from '../operator-api/schemas/audit.ts';
import type { Buckets } from './consistency.ts';

/** What the relay that audits a domain has found, for all relays of the domain, and for the one that comes after it. */
export interface AuditBoardContent {
  /** The name of its process. */
  auditor: string;
  buckets: Buckets;
  findings: Finding[];
  ttlScan: TtlScan;
}

/** Without a word for so long, an auditor has lost its place to another relay. */
export const PLACE_MS = 10_000;
/** As long as the longest window. */
const BOARD_MS = 3_600_000;
const FORMAT = 1;

const bucketsSchema = z.array(z.tuple([z.int(), z.int(), z.int()]));

const boardSchema = z.object({
  v: z.literal(FORMAT),
  auditor: z.string(),
  buckets: z.object({ l1: bucketsSchema, l2: bucketsSchema }),
  findings: z.array(findingSchema),
  ttlScan: ttlScanSchema,
});

/** Who audits a domain, and what came of it, in the domain's Redis. Nothing but the audit depends on either. */
export class AuditBoard {
  readonly #redis: Redis;
  readonly #place: string;
  readonly #board: string;

  constructor(redis: Redis, domain: string) {
    this.#redis = redis;
    this.#place = `{coherence:${domain}}:auditor`;
    this.#board = `{coherence:${domain}}:audit`;
  }

  /** Takes the place of the auditor, or keeps it. Two may hold it for an instant: then a few keys are looked at twice. */
  async take(self: string): Promise<boolean> {
    if ((await this.#redis.set(this.#place, self, 'PX', PLACE_MS, 'NX')) === 'OK') return true;
    if ((await this.#redis.get(this.#place)) !== self) return false;
    await this.#redis.pexpire(this.#place, PLACE_MS);
    return true;
  }

  async leave(self: string): Promise<void> {
    if ((await this.#redis.get(this.#place)) === self) await this.#redis.del(this.#place);
  }

  async write(content: AuditBoardContent): Promise<void> {
    await this.#redis.set(this.#board, JSON.stringify({ v: FORMAT, ...content }), 'PX', BOARD_MS);
  }

  /** Null before the first audit, and for what no audit of this format wrote. `taken`: a relay audits the domain just now. */
  async read(): Promise<(AuditBoardContent & { taken: boolean }) | null> {
    const [text, place] = await this.#redis.mget(this.#board, this.#place);
    const content = text === null || text === undefined ? null : contentOf(text);
    return content === null ? null : { ...content, taken: place !== null };
  }
}

/** Whatever stands there, the audit goes on: it then begins anew, and overwrites it. */
function contentOf(text: string): AuditBoardContent | null {
  let written: unknown;
  try {
    written = JSON.parse(text);
  } catch {
    return null;
  }
  const { success, data } = boardSchema.safeParse(written);
  if (!success) return null;
  const { v: _, ...content } = data;
  return content;
}
