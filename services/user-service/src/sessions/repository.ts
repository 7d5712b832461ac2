import type { Version } from '@freshet/cache-core';
import { type Selectable, sql } from 'kysely';
import type { Database, Tables } from '../database.ts';
import type { Session } from './schema.ts';

const columns = ['id', 'user_id', 'created_at', 'expires_at', 'version'] as const;

/** A session's body does not tell its version, so it travels beside it. */
export interface VersionedSession {
  readonly value: Session;
  readonly version: Version;
}

function toSession(row: Selectable<Tables['sessions']>): VersionedSession {
  const value = {
    id: row.id,
    userId: row.user_id,
    createdAt: row.created_at.toISOString(),
    expiresAt: row.expires_at.toISOString(),
  };
  return { value, version: row.version };
}

export async function findSession(database: Database, id: string): Promise<VersionedSession | null> {
  const row = await database.selectFrom('sessions').select(columns).where('id', '=', id).executeTakeFirst();
  return row === undefined ? null : toSession(row);
}

/** Locks the row until the transaction ends: what was checked is what is changed. */
export async function lockSession(database: Database, id: string): Promise<VersionedSession | null> {
  const row = await database
    .selectFrom('sessions')
    .select(columns)
    .where('id', '=', id)
    .forUpdate()
    .executeTakeFirst();
  return row === undefined ? null : toSession(row);
}

export async function insertSession(database: Database, session: Session): Promise<VersionedSession> {
  const row = await database
    .insertInto('sessions')
    .values({
      id: session.id,
      user_id: session.userId,
      created_at: new Date(session.createdAt),
      expires_at: new Date(session.expiresAt),
    })
    .returning(columns)
    .executeTakeFirstOrThrow();
  return toSession(row);
}

export async function deleteSession(database: Database, id: string): Promise<void> {
  await database.deleteFrom('sessions').where('id', '=', id).execute();
}

/** Deletes at most `limit` sessions that have expired, and none that somebody else is at. Answers how many. */
export async function deleteExpiredSessions(database: Database, limit: number): Promise<number> {
  const expired = database
    .selectFrom('sessions')
    .select('id')
    .where('expires_at', '<', sql<Date>`clock_timestamp()`)
    .limit(limit)
    .forUpdate()
    .skipLocked();
  const { numDeletedRows } = await database
    .deleteFrom('sessions')
    .where('id', 'in', expired)
    .executeTakeFirst();
  return Number(numDeletedRows);
}
