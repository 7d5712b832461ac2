import * as z from 'zod';

const controlCharacter = /[^\P{Cc}\t\n\r]/u;

/**
 * A text of `min` to `max` characters that can be stored and shown: well-formed Unicode (no half
 * surrogate pairs), no control characters but tab and line breaks.
 */
export function plainText({ min, max }: { min: number; max: number }) {
  return z
    .string()
    .min(min)
    .max(max)
    .refine(
      (text) => text.isWellFormed() && !controlCharacter.test(text),
      'must be well-formed text without control characters',
    );
}
