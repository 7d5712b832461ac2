import type { Version } from '@freshet/cache-core';
import { type Selectable, sql } from 'kysely';
import type { Database, Tables } from '../database.ts';
import type { NewProfile, Profile, ProfileChange } from './schema.ts';

const columns = ['id', 'name', 'email', 'avatar_url', 'version', 'updated_at'] as const;

function toProfile(row: Selectable<Tables['users']>): Profile {
  return {
    id: row.id,
    name: row.name,
    email: row.email,
    avatarUrl: row.avatar_url,
    version: row.version,
    updatedAt: row.updated_at.toISOString(),
  };
}

export async function findProfile(database: Database, id: string): Promise<Profile | null> {
  const row = await database.selectFrom('users').select(columns).where('id', '=', id).executeTakeFirst();
  return row === undefined ? null : toProfile(row);
}

/** The row's version, or null without a row. Locks it until the transaction ends: what was checked is what is changed. */
export async function lockProfile(database: Database, id: string): Promise<Version | null> {
  const row = await database
    .selectFrom('users')
    .select('version')
    .where('id', '=', id)
    .forUpdate()
    .executeTakeFirst();
  return row?.version ?? null;
}

export async function insertProfile(database: Database, id: string, profile: NewProfile): Promise<Profile> {
  const { name, email, avatarUrl } = profile;
  const row = await database
    .insertInto('users')
    .values({ id, name, email, avatar_url: avatarUrl })
    .returning(columns)
    .executeTakeFirstOrThrow();
  return toProfile(row);
}

export async function updateProfile(database: Database, id: string, change: ProfileChange): Promise<Profile> {
  const { name, email, avatarUrl } = change;
  const row = await database
    .updateTable('users')
    .set({ name, email, avatar_url: avatarUrl, updated_at: sql`clock_timestamp()` })
    .where('id', '=', id)
    .returning(columns)
    .executeTakeFirstOrThrow();
  return toProfile(row);
}

/** The user's sessions go with it: `on delete cascade`. */
export async function deleteProfile(database: Database, id: string): Promise<void> {
  await database.deleteFrom('users').where('id', '=', id).execute();
}
