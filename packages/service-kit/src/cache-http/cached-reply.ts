import type { CacheOutcome, Version } from '@freshet/cache-core';
import { notFound } from '../http/problem.ts';
import type { Reply } from '../openapi/reply.ts';
import { cacheStatus } from './cache-status.ts';
import { entityTag, matchesWeakly, type TagCondition } from './entity-tag.ts';

/** What a cached entity answers a read with. */
export interface CachedRead<T> {
  readonly value: T | null;
  readonly version: Version;
  readonly cache: CacheOutcome;
}

export interface CachedReplyOptions {
  /** The cache's name in `Cache-Status`: the service. */
  readonly cacheName: string;
  /** The request's, as parsed by `readHeaders`. */
  readonly ifNoneMatch?: TagCondition | undefined;
  /** Detail of the 404. */
  readonly missing: string;
}

/** The version of values made from more than one row: it tells no two of them apart, so it is no ETag. */
const noVersion = '0';

/**
 * The reply to a cached read: 200 with the value, or 304, both with `ETag` and `Cache-Status`. `no-cache`
 * tells caches further out to ask each time: only this one is told of changes.
 *
 * @throws Problem 404 `NOT_FOUND`, with `Cache-Status`, when there is no value.
 */
export function cachedReply<T>({ value, version, cache }: CachedRead<T>, options: CachedReplyOptions): Reply {
  const status = { 'Cache-Status': cacheStatus(options.cacheName, cache) };
  if (value === null) throw notFound(options.missing, { headers: status });
  const headers = { ...status, 'Cache-Control': 'no-cache' };
  if (version === noVersion) return { status: 200, body: value, headers };
  const tagged = { ETag: entityTag(version), ...headers };
  const { ifNoneMatch } = options;
  if (ifNoneMatch !== undefined && matchesWeakly(ifNoneMatch, version))
    return { status: 304, headers: tagged };
  return { status: 200, body: value, headers: tagged };
}
