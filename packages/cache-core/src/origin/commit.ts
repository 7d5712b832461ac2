import { FreshetError } from '../errors.ts';
import type { QueryClient } from './query-client.ts';

// The server says why it did not commit. What is left out: connection exceptions (08), no space (53), an operator's
// intervention (57), system and internal errors (58, XX) and transaction_timeout (25P04), after which the commit may
// stand, and the sockets' own codes, some of which have five letters too (EPIPE).
const REFUSED = /^(?!08|53|57|58|25P04)(?:\d\d|F0|HV|P0)[0-9A-Z]{3}$/;

/**
 * Commits, and says truthfully what came of it.
 * @throws FRESHET_COMMIT_UNKNOWN when the answer was lost: the change may stand. Never to be retried blindly.
 * @throws FRESHET_ROLLED_BACK when a statement had failed, so that COMMIT rolled back.
 * @throws the database's error when it refused, for example a deferred constraint.
 */
export async function commit(client: QueryClient): Promise<void> {
  let command: string;
  try {
    ({ command } = await client.query('commit'));
  } catch (error) {
    if (isRefusal(error)) throw error;
    throw new FreshetError(
      'FRESHET_COMMIT_UNKNOWN',
      'The connection was lost while committing: the change may or may not stand. Read before you try again.',
      { cause: error },
    );
  }
  if (command !== 'COMMIT') {
    throw new FreshetError(
      'FRESHET_ROLLED_BACK',
      'A statement in this transaction had failed, so it was rolled back. Do not catch database errors inside of it.',
    );
  }
}

function isRefusal(error: unknown): boolean {
  return (
    error instanceof Error && 'code' in error && typeof error.code === 'string' && REFUSED.test(error.code)
  );
}
