import { isDatabaseUnavailable, isInvalidText } from '../database/errors.ts';
import { invalidRequest, Problem, unavailable } from './problem.ts';

/** The problem that stands for `error`, or undefined when nobody foresaw it. */
export function problemFor(error: unknown): Problem | undefined {
  if (error instanceof Problem) return error;
  return cacheProblem(error) ?? databaseProblem(error) ?? httpProblem(error);
}

function cacheProblem(error: unknown): Problem | undefined {
  const extra = { cause: error };
  switch (codeOf(error) ?? '') {
    case 'FRESHET_INVALID_ID':
      return new Problem({
        status: 400,
        code: 'INVALID_ID',
        detail: 'The id is empty, too long, or has characters that no id has. Correct it and try again.',
        ...extra,
      });
    case 'FRESHET_INVALID_VERSION':
      return new Problem({
        status: 400,
        code: 'INVALID_VERSION',
        detail: 'The version is malformed: send the decimal number of an ETag, without quotes.',
        ...extra,
      });
    case 'FRESHET_COMMIT_UNKNOWN':
      return unavailable(
        'COMMIT_UNKNOWN',
        'The database connection was lost while the change was being committed: it may or may not have been made. Read the resource again before repeating the request.',
        extra,
      );
    case 'FRESHET_OVERLOADED':
      return unavailable(
        'OVERLOADED',
        'Nothing was changed: too many requests wait for the database, or to change the same thing. Try again later.',
        extra,
      );
    case 'FRESHET_LOAD_TIMEOUT':
      return unavailable('LOAD_TIMEOUT', 'The database did not answer in time. Try again later.', extra);
    case 'FRESHET_STRONG_WRITE_TIMEOUT':
      return unavailable(
        'STRONG_WRITE_TIMEOUT',
        'Nothing was changed: there was no turn for the change, or not every cache could be told of it, in time. Try again.',
        extra,
      );
    case 'FRESHET_UNAVAILABLE':
      return unavailable(
        'UNAVAILABLE',
        'Nothing was changed: the caches could not be told to stand aside. Try again later.',
        extra,
      );
    case 'FRESHET_REDIS':
      return unavailable(
        'UNAVAILABLE',
        'A part that this request needs is not reachable. Try again later.',
        extra,
      );
    default:
      return undefined;
  }
}

function databaseProblem(error: unknown): Problem | undefined {
  if (isInvalidText(error)) {
    return invalidRequest('A text holds a character that cannot be stored (U+0000). Remove it.', {
      cause: error,
    });
  }
  if (!isDatabaseUnavailable(error)) return undefined;
  return unavailable('DATABASE_UNAVAILABLE', 'The database is not reachable or busy. Try again later.', {
    cause: error,
  });
}

/** What express and its body parser throw: errors with a 4xx `status` and a `type`. */
function httpProblem(error: unknown): Problem | undefined {
  if (!(error instanceof Error)) return undefined;
  const extra = { cause: error };
  switch ('type' in error ? error.type : undefined) {
    case 'entity.too.large':
      return new Problem({
        status: 413,
        code: 'BODY_TOO_LARGE',
        detail: 'The body is larger than 100 kB. Send less.',
        ...extra,
      });
    case 'entity.parse.failed':
      return new Problem({
        status: 400,
        code: 'MALFORMED_JSON',
        detail: 'The body is not valid JSON (it may be cut off). Correct it and try again.',
        ...extra,
      });
    case 'encoding.unsupported':
    case 'charset.unsupported':
      return new Problem({
        status: 415,
        code: 'UNSUPPORTED_MEDIA_TYPE',
        detail: 'Send the body as application/json in UTF-8, uncompressed or with gzip, deflate or br.',
        ...extra,
      });
    default: {
      const status = 'status' in error && typeof error.status === 'number' ? error.status : 500;
      if (status < 400 || status > 499) return undefined;
      return new Problem({
        status,
        code: 'INVALID_REQUEST',
        detail: 'The request is malformed. Check its path, headers and body.',
        ...extra,
      });
    }
  }
}

/** The `code` of an error, by structure: errors may come from another copy of a package. */
export function codeOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}
