import { STATUS_CODES } from 'node:http';

export interface ProblemOptions {
  /** HTTP status, 400 to 599. */
  readonly status: number;
  /** Stable, upper case with underscores: what callers switch on. */
  readonly code: string;
  /** What went wrong and what to do about it, for the caller. Never a secret. */
  readonly detail: string;
  /** Default: the name of the status. */
  readonly title?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Further members of the answer. */
  readonly extensions?: Readonly<Record<string, unknown>>;
  readonly cause?: unknown;
}

/** The body of a problem (RFC 9457). */
export interface ProblemDocument {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly code: string;
  readonly detail: string;
  /** Names this one occurrence, also in the log. */
  readonly instance?: string;
  readonly [extension: string]: unknown;
}

/** An error whose text is meant for the caller: thrown anywhere in a handler, answered as problem+json. */
export class Problem extends Error {
  override readonly name = 'Problem';
  readonly status: number;
  readonly code: string;
  readonly title: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly extensions: Readonly<Record<string, unknown>>;

  constructor(options: ProblemOptions) {
    super(options.detail, options.cause === undefined ? undefined : { cause: options.cause });
    this.status = options.status;
    this.code = options.code;
    this.title = options.title ?? STATUS_CODES[options.status] ?? 'Error';
    this.headers = options.headers ?? {};
    this.extensions = options.extensions ?? {};
  }

  document(): ProblemDocument {
    const { title, status, code, message: detail } = this;
    return { type: problemType(code), title, status, code, detail, ...this.extensions };
  }
}

/** The `type` of problems with `code`: a name, not an address. */
function problemType(code: string): string {
  return `urn:freshet:problem:${code.toLowerCase().replaceAll('_', '-')}`;
}

export const problemContentType = 'application/problem+json';

type Extra = Pick<ProblemOptions, 'headers' | 'extensions' | 'cause'>;

/** 404 `NOT_FOUND`: the addressed thing is not there. */
export function notFound(detail: string, extra: Extra = {}): Problem {
  return new Problem({ status: 404, code: 'NOT_FOUND', detail, ...extra });
}

/** 409 with a code of the caller's, e.g. `EMAIL_TAKEN`. */
export function conflict(code: string, detail: string, extra: Extra = {}): Problem {
  return new Problem({ status: 409, code, detail, ...extra });
}

/** 400 `INVALID_REQUEST`: the request itself must be changed. */
export function invalidRequest(detail: string, extra: Extra = {}): Problem {
  return new Problem({ status: 400, code: 'INVALID_REQUEST', detail, ...extra });
}

/** 503 with `Retry-After`: the same request may succeed later. */
export function unavailable(code: string, detail: string, extra: Extra = {}): Problem {
  return new Problem({
    status: 503,
    code,
    detail,
    ...extra,
    headers: { 'Retry-After': '1', ...extra.headers },
  });
}
