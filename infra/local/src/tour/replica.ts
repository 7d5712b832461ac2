import { performance } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';

/** The URLs of two replicas of one service. */
export interface Pair {
  readonly first: string;
  readonly second: string;
}

/** What one request was answered. */
export interface Answer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
  /** The version in the ETag, without its quotes. */
  readonly version: string;
  /** Who answered, from Cache-Status (RFC 9211). */
  readonly layer: 'L1' | 'L2' | 'Postgres' | 'unknown';
  /** The header itself. */
  readonly cacheStatus: string;
  /** From sending the request to having the body. */
  readonly tookMs: number;
}

const ANSWER_WITHIN_MS = 5_000;

export async function request(method: string, url: string, body?: unknown): Promise<Answer> {
  const start = performance.now();
  const response = await fetch(url, {
    method,
    signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
    ...(body !== undefined && {
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    }),
  });
  const text = await response.text();
  const tookMs = performance.now() - start;
  const cacheStatus = response.headers.get('cache-status') ?? '';
  return {
    status: response.status,
    body: parse(text),
    version: (response.headers.get('etag') ?? '').replace(/^W\//, '').replaceAll('"', ''),
    layer: layerOf(cacheStatus),
    cacheStatus,
    tookMs,
  };
}

/**
 * Asks again and again until the answer is as wanted.
 *
 * @returns the milliseconds from the call until the first wanted answer was there; undefined when none came in time.
 */
export async function untilAnswer(
  url: string,
  wanted: (answer: Answer) => boolean,
  withinMs: number,
): Promise<number | undefined> {
  const start = performance.now();
  while (performance.now() - start < withinMs) {
    if (wanted(await request('GET', url))) return performance.now() - start;
    await delay(1);
  }
  return undefined;
}

function layerOf(cacheStatus: string): Answer['layer'] {
  if (/;\s*fwd=/.test(cacheStatus)) return 'Postgres';
  if (/;\s*detail="?l1\b/.test(cacheStatus)) return 'L1';
  if (/;\s*detail="?l2\b/.test(cacheStatus)) return 'L2';
  return 'unknown';
}

function parse(text: string): Answer['body'] {
  try {
    return JSON.parse(text) as Answer['body'];
  } catch {
    return {};
  }
}
