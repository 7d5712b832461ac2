import { type Cache, deletionVersion, type Origin, ttl, type Version } from '@freshet/cache-core';
import {
  type CachedRead,
  checkPreconditions,
  isForeignKeyViolation,
  kyselyOnPool,
  notFound,
  type WriteConditions,
  writerOf,
} from '@freshet/service-kit';
import type { Pool } from 'pg';
import { v7 as uuidv7 } from 'uuid';
import type { Tables } from '../database.ts';
import { missingProfile } from '../profiles/schema.ts';
import {
  deleteSession,
  findSession,
  insertSession,
  lockSession,
  type VersionedSession,
} from './repository.ts';
import { missingSession, Session } from './schema.ts';

export interface SessionServiceOptions {
  readonly cache: Cache;
  readonly origin: Origin;
  readonly pool: Pool;
  /** Milliseconds. */
  readonly lifetimeMs: number;
}

export type SessionService = ReturnType<typeof sessionService>;

/** Sessions, cached aside like profiles; whatever a cache still holds of it, an expired session is not answered. */
export function sessionService({ cache, origin, pool, lifetimeMs }: SessionServiceOptions) {
  const database = kyselyOnPool<Tables>(pool);
  const sessions = cache.aside<Session>({
    entity: 'session',
    ttl: ttl.session,
    maxStaleness: 2_000,
    whenUnproven: 'bypass',
    decode: (payload) => Session.parse(payload),
    load: (id) => findSession(database, String(id)),
  });
  const write = writerOf<Tables>(origin, sessions);

  return {
    async read(id: string, minVersion: Version | undefined): Promise<CachedRead<Session>> {
      const read = await sessions.read(id, minVersion === undefined ? {} : { minVersion });
      return unexpired(read, Date.now());
    },

    /** @throws Problem 404 when there is no such user */
    create(userId: string): Promise<VersionedSession> {
      const id = uuidv7();
      const now = Date.now();
      const session = {
        id,
        userId,
        createdAt: new Date(now).toISOString(),
        expiresAt: new Date(now + lifetimeMs).toISOString(),
      };
      return write(id, async (transaction) => {
        try {
          return await insertSession(transaction, session);
        } catch (cause) {
          if (!isForeignKeyViolation(cause)) throw cause;
          throw notFound(missingProfile, { cause });
        }
      });
    },

    /** Answers the version of the deletion. @throws Problem 404, 412 */
    remove(id: string, conditions: WriteConditions): Promise<{ version: Version }> {
      return write(id, async (transaction, client) => {
        const session = await lockSession(transaction, id);
        if (session === null || hasExpired(session.value, Date.now())) throw notFound(missingSession);
        checkPreconditions(conditions, session.version);
        await deleteSession(transaction, id);
        return { version: await deletionVersion(client) };
      });
    },
  };
}

/** Asked when the answer is given: no cache knows when a session ends. */
function unexpired(read: CachedRead<Session>, now: number): CachedRead<Session> {
  const { value, cache } = read;
  if (value === null) return read;
  if (hasExpired(value, now)) return { ...read, value: null };
  if (cache.ttlMs === undefined) return read;
  return { ...read, cache: { ...cache, ttlMs: Math.min(cache.ttlMs, Date.parse(value.expiresAt) - now) } };
}

function hasExpired(session: Session, now: number): boolean {
  return Date.parse(session.expiresAt) <= now;
}
