import { plainText } from '@freshet/service-kit';
import { z } from 'zod';

const webAddress = /^https?:\/\/[^\s\p{Cc}]+$/iu;

const name = plainText({ min: 1, max: 200 });
const email = z.email().max(254).meta({ description: 'Unique without regard to case' });
const avatarUrl = z
  .string()
  .max(2_048)
  .refine(
    (url) => url.isWellFormed() && webAddress.test(url) && URL.canParse(url),
    'must be an http or https URL',
  )
  .nullable();

/** As Postgres prints it: the id in capitals names the same row, and must name the same cache entry. */
export const ProfileId = z.guid().toLowerCase();

export const Profile = z
  .object({
    id: z.string(),
    name: z.string(),
    email: z.string(),
    avatarUrl: z.string().nullable(),
    version: z.string().meta({ description: 'Decimal; it outgrows 2^53' }),
    updatedAt: z.iso.datetime(),
  })
  .meta({ id: 'User' });
export type Profile = z.infer<typeof Profile>;

export const missingProfile = 'There is no user with this id. Check the id, or create the user.';

export const NewProfile = z
  .strictObject({ name, email, avatarUrl: avatarUrl.default(null) })
  .meta({ id: 'NewUser' });
export type NewProfile = z.infer<typeof NewProfile>;

export const ProfileChange = z
  .strictObject({ name: name.optional(), email: email.optional(), avatarUrl: avatarUrl.optional() })
  .refine((change) => Object.keys(change).length > 0, 'must change at least one field')
  .meta({ id: 'UserChange' });
export type ProfileChange = z.infer<typeof ProfileChange>;
