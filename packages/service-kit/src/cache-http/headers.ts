import * as z from 'zod';
import { parseTagCondition } from './entity-tag.ts';

const tagList = z.string().transform((text, context) => {
  const condition = parseTagCondition(text);
  if (condition !== undefined) return condition;
  context.addIssue({ code: 'custom', message: 'must be * or entity tags in quotes, such as "812"' });
  return z.NEVER;
});

const minVersion = z
  .string()
  .regex(/^\d{1,19}$/, 'must be a decimal version of up to 19 digits, such as 812')
  .transform((text) => BigInt(text).toString());

/** Request headers of a cached read: `headers: z.object(readHeaders)`. */
export const readHeaders = {
  'if-none-match': tagList
    .optional()
    .meta({ description: 'Answer 304 when the version is still this one', example: '"812"' }),
  'freshet-min-version': minVersion
    .optional()
    .meta({ description: 'Answer with at least this version: pass older cached ones by', example: '812' }),
};

/** Request headers of a write: `headers: z.object(writeHeaders)`. */
export const writeHeaders = {
  'if-match': tagList
    .optional()
    .meta({ description: 'Write only when the version is still this one, else 412', example: '"812"' }),
  'if-none-match': tagList
    .optional()
    .meta({ description: '* writes only when there is nothing yet, else 412', example: '*' }),
};

/** Response headers of a cached read, for `responses`. */
export const cachedResponseHeaders = z.object({
  ETag: z.string().meta({ description: 'The version, in quotes', example: '"812"' }),
  'Cache-Status': z
    .string()
    .meta({ description: 'What the cache did (RFC 9211)', example: 'user-service; hit; ttl=812; detail=l1' }),
});

/** Response headers of a write, for `responses`. */
export const writtenResponseHeaders = z.object({
  ETag: z.string().meta({ description: 'The new version, in quotes', example: '"813"' }),
});

/** Response headers of a creation, for `responses`. */
export const createdResponseHeaders = writtenResponseHeaders.extend({
  Location: z.string().meta({ description: 'Path of what was created' }),
});
