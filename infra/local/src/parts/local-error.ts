/** What can go wrong when a part is started on this machine; the message says what to do about it. */
export type LocalErrorCode =
  | 'FRESHET_LOCAL_CANNOT_RUN'
  | 'FRESHET_LOCAL_EXITED_EARLY'
  | 'FRESHET_LOCAL_NOT_READY'
  | 'FRESHET_LOCAL_NO_FREE_PORT'
  | 'FRESHET_LOCAL_NO_POSTGRES_BINARIES'
  | 'FRESHET_LOCAL_NO_FOLDER'
  | 'FRESHET_LOCAL_MISSING_PROGRAM'
  | 'FRESHET_LOCAL_INSTALL_FAILED';

export class LocalError extends Error {
  override readonly name = 'LocalError';
  readonly code: LocalErrorCode;

  constructor(code: LocalErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
