import { type Cache, deletionVersion, type Origin, ttl, type Version } from '@freshet/cache-core';
import {
  checkPreconditions,
  conflict,
  isUniqueViolation,
  kyselyOnPool,
  notFound,
  type WriteConditions,
  writerOf,
} from '@freshet/service-kit';
import type { Pool } from 'pg';
import { v7 as uuidv7 } from 'uuid';
import type { Database, Tables } from '../database.ts';
import { deleteProfile, findProfile, insertProfile, lockProfile, updateProfile } from './repository.ts';
import { missingProfile, type NewProfile, Profile, type ProfileChange } from './schema.ts';

export type ProfileService = ReturnType<typeof profileService>;

/** Profiles, cached aside: a read fills the caches, a write has them drop the entry once it is committed. */
export function profileService({ cache, origin, pool }: { cache: Cache; origin: Origin; pool: Pool }) {
  const database = kyselyOnPool<Tables>(pool);
  const profiles = cache.aside<Profile>({
    entity: 'profile',
    ttl: ttl.profile,
    maxStaleness: 2_000,
    whenUnproven: 'bypass',
    decode: (payload) => Profile.parse(payload),
    async load(id) {
      const profile = await findProfile(database, String(id));
      return profile && { value: profile, version: profile.version };
    },
  });
  const write = writerOf<Tables>(origin, profiles);

  return {
    read(id: string, minVersion: Version | undefined) {
      return profiles.read(id, minVersion === undefined ? {} : { minVersion });
    },

    /** @throws Problem 409 EMAIL_TAKEN */
    create(profile: NewProfile): Promise<Profile> {
      const id = uuidv7();
      return write(id, (transaction) => emailUnique(insertProfile(transaction, id, profile)));
    },

    /** @throws Problem 404, 409 EMAIL_TAKEN, 412 */
    change(id: string, change: ProfileChange, conditions: WriteConditions): Promise<Profile> {
      return write(id, async (transaction) => {
        await lockExisting(transaction, id, conditions);
        return emailUnique(updateProfile(transaction, id, change));
      });
    },

    /** Answers the version of the deletion. @throws Problem 404, 412 */
    remove(id: string, conditions: WriteConditions): Promise<{ version: Version }> {
      return write(id, async (transaction, client) => {
        await lockExisting(transaction, id, conditions);
        await deleteProfile(transaction, id);
        return { version: await deletionVersion(client) };
      });
    },
  };
}

async function lockExisting(database: Database, id: string, conditions: WriteConditions): Promise<void> {
  const version = await lockProfile(database, id);
  if (version === null) throw notFound(missingProfile);
  checkPreconditions(conditions, version);
}

async function emailUnique<T>(statement: Promise<T>): Promise<T> {
  try {
    return await statement;
  } catch (cause) {
    if (!isUniqueViolation(cause, 'users_email')) throw cause;
    throw conflict('EMAIL_TAKEN', 'Another user has this email. Choose another one.', { cause });
  }
}
