/** Every code that this library throws. Callers switch on the code; the text may change. */
export type FreshetErrorCode =
  | 'FRESHET_COMMIT_UNKNOWN'
  | 'FRESHET_INVALID_ID'
  | 'FRESHET_INVALID_KEY'
  | 'FRESHET_INVALID_OPTIONS'
  | 'FRESHET_INVALID_VALUE'
  | 'FRESHET_INVALID_VERSION'
  | 'FRESHET_LOAD_TIMEOUT'
  | 'FRESHET_OTHER_BLESSING'
  | 'FRESHET_OVERLOADED'
  | 'FRESHET_REDIS'
  | 'FRESHET_ROLLED_BACK'
  | 'FRESHET_STRONG_WRITE_TIMEOUT'
  | 'FRESHET_UNAVAILABLE'
  | 'FRESHET_UNBLESSED';

export interface FreshetErrorOptions {
  /** Whether the same call may succeed later without a change. */
  retryable?: boolean;
  cause?: unknown;
}

/** An error of this library: a stable `code`, whether to retry, and the cause. */
export class FreshetError extends Error {
  override readonly name = 'FreshetError';
  readonly code: FreshetErrorCode;
  readonly retryable: boolean;

  constructor(code: FreshetErrorCode, message: string, options: FreshetErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.retryable = options.retryable ?? false;
  }
}

export function isFreshetError(error: unknown, ...codes: FreshetErrorCode[]): error is FreshetError {
  return error instanceof FreshetError && (codes.length === 0 || codes.includes(error.code));
}
