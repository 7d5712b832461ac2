import { z } from 'zod';
import { ProfileId } from '../profiles/schema.ts';

export const SessionId = z.guid().toLowerCase();

export const Session = z
  .object({ id: z.string(), userId: z.string(), createdAt: z.iso.datetime(), expiresAt: z.iso.datetime() })
  .meta({ id: 'Session' });
export type Session = z.infer<typeof Session>;

export const missingSession = 'There is no session with this id, or it has expired. Create a new one.';

export const NewSession = z.strictObject({ userId: ProfileId }).meta({ id: 'NewSession' });
