import * as z from 'zod';

// Everything in this folder imports Zod and nothing else, so that a front end can take the types of it.

export const time = z.iso.datetime();

/** A row's version: a decimal string, as it outgrows 2^53. */
export const version = z.string().describe('Decimal, of at most 19 digits');

/** A domain that did not answer: the others' items are there all the same. */
export const unavailableSchema = z
  .array(z.object({ domain: z.string(), reason: z.string() }))
  .optional()
  .describe('Domains that could not be asked just now');

export const reasonSchema = z
  .string()
  .trim()
  .min(1)
  .max(500)
  .regex(/^[^\p{Cc}]*$/u)
  .describe("Why, for the operator's log");
