import * as z from 'zod';

const controlCharacter = /[^\P{Cc}\t\n\r]/u;

/**
 * A text of `min` to `max` characters that can be stored and shown: well-formed Unicode (no half
 * surrogate pairs), no control characters but tab and line breaks. Characters are Unicode's code points, as Postgres
 * and JSON Schema count them: Zod's own `min` and `max` would count an emoji twice.
 */
export function plainText({ min, max }: { min: number; max: number }) {
  return z
    .string()
    .refine((text) => hasCharacters(text, min, max), `must have ${min} to ${max} characters`)
    .refine(
      (text) => text.isWellFormed() && !controlCharacter.test(text),
      'must be well-formed text without control characters',
    )
    .meta({ minLength: min, maxLength: max });
}

function hasCharacters(text: string, min: number, max: number): boolean {
  // A character has one or two code units: what is longer than that need not be counted.
  if (text.length > 2 * max) return false;
  const { length } = Array.from(text);
  return length >= min && length <= max;
}
