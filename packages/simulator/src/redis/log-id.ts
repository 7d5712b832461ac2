import type { Head } from './data-set.ts';
import { endOfDigits } from './digits.ts';

/** `<blessing>-<n>` of the newest entry; n is 0 before the first one. */
export function lastId(head: Head): string {
  return `${head.blessing}-${head.last}`;
}

/** n of the log id `<blessing>-<n>`, or -1 for any other id. */
export function numberUnder(blessing: string, id: string): number {
  const start = blessing.length + 1;
  if (id.length === start || id[blessing.length] !== '-' || !id.startsWith(blessing)) return -1;
  return endOfDigits(id, start) === id.length ? Number(id.slice(start)) : -1;
}
