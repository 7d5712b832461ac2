import type { OperationRecord } from '../contract.ts';

/** Neither the rows that a run begins with, nor the look around at its end. */
export function isOfTheLoad({ client }: OperationRecord): boolean {
  return client !== 'populate' && !client.startsWith('look-');
}
