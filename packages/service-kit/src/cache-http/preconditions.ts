import { Problem } from '../http/problem.ts';
import { entityTag, matchesStrongly, matchesWeakly, type TagCondition } from './entity-tag.ts';

/** The headers of a write, as parsed by `writeHeaders`. */
export interface WriteConditions {
  readonly 'if-match'?: TagCondition | undefined;
  readonly 'if-none-match'?: TagCondition | undefined;
}

/**
 * Checks `If-Match` and `If-None-Match` against the version that the row has now (null: no row). Call it
 * in the writing transaction, after the row was locked.
 *
 * @throws Problem 412 `PRECONDITION_FAILED` with the present `ETag`.
 */
export function checkPreconditions(headers: WriteConditions, version: string | null): void {
  const { 'if-match': ifMatch, 'if-none-match': ifNoneMatch } = headers;
  if (ifMatch !== undefined && !matchesStrongly(ifMatch, version)) {
    throw preconditionFailed(
      version,
      'It is not the version that If-Match asks for. Read it again, then repeat the change with its ETag.',
    );
  }
  if (ifNoneMatch !== undefined && matchesWeakly(ifNoneMatch, version)) {
    throw preconditionFailed(
      version,
      'It exists already, and If-None-Match asks that it does not. Leave the header out to replace it.',
    );
  }
}

function preconditionFailed(version: string | null, detail: string): Problem {
  return new Problem({
    status: 412,
    code: 'PRECONDITION_FAILED',
    detail,
    ...(version === null ? {} : { headers: { ETag: entityTag(version) } }),
  });
}
