/** Why a request was not answered as wished: the relay's problem+json, or that there was no answer. */
export class ApiProblem extends Error {
  override readonly name = 'ApiProblem';
  /** HTTP status; 0 when there was no answer. */
  readonly status: number;
  /** Stable: switch on this. */
  readonly code: string;

  constructor(status: number, code: string, detail: string, options?: ErrorOptions) {
    super(detail, options);
    this.status = status;
    this.code = code;
  }

  /** This relay is of a version that has no such route. */
  get isMissingRoute(): boolean {
    return this.code === 'ROUTE_NOT_FOUND';
  }
}

export function unreachable(cause: unknown): ApiProblem {
  const late = cause instanceof DOMException && cause.name === 'TimeoutError';
  return new ApiProblem(
    0,
    'UNREACHABLE',
    late ? 'The relay did not answer in time.' : 'The relay cannot be reached.',
    { cause },
  );
}

export function problemOf(status: number, text: string): ApiProblem {
  try {
    const { code, detail } = JSON.parse(text) as { code?: unknown; detail?: unknown };
    if (typeof code === 'string' && typeof detail === 'string') return new ApiProblem(status, code, detail);
  } catch {
    // Not of the relay: a proxy in between.
  }
  return new ApiProblem(status, 'HTTP_ERROR', `Something in between answered ${status}.`);
}

export function asProblem(error: unknown): ApiProblem {
  return error instanceof ApiProblem
    ? error
    : new ApiProblem(0, 'CONSOLE', `The console itself failed: ${String(error)}`, { cause: error });
}
