/** What can keep a service from starting and has a known remedy. */
export type StartupErrorCode =
  | 'FRESHET_CONFIG'
  | 'FRESHET_PORT_TAKEN'
  | 'FRESHET_PORT_REFUSED'
  | 'FRESHET_DATABASE_UNREACHABLE'
  | 'FRESHET_DATABASE_REFUSED'
  | 'FRESHET_DATABASE_MISSING'
  | 'FRESHET_MIGRATION';

/**
 * A known reason why a service cannot start. Its message is one sentence for the operator that says what
 * is wrong and what to do; it never holds a secret. It is shown without a stack trace.
 */
export class StartupError extends Error {
  override readonly name = 'StartupError';
  readonly code: StartupErrorCode;

  constructor(code: StartupErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}
