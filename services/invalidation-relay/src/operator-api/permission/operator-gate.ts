import { createHash, timingSafeEqual } from 'node:crypto';
import { Problem } from '@freshet/service-kit';
import type { RelayLogger } from '../../domain/complaints.ts';
import type { Operator } from '../operator-store.ts';
import type { Session } from '../schemas/session.ts';
import { type AskedRequest, isCrossSite, isLocal, isLoopback } from './request-origin.ts';

export interface OperatorGateOptions {
  /** Where this relay listens. */
  host: string;
  /** What operators have to know to act; undefined: whoever is on this machine may. */
  token: string | undefined;
  logger: Pick<RelayLogger, 'info'>;
}

/**
 * Who may act. The answer is the operator whose name goes into the log, so that no action can be written without asking:
 * the stores want one.
 */
export class OperatorGate {
  readonly #boundToLoopback: boolean;
  readonly #token: Buffer | undefined;
  readonly #logger: OperatorGateOptions['logger'];

  constructor({ host, token, logger }: OperatorGateOptions) {
    this.#logger = logger;
    this.#boundToLoopback = isLoopback(host);
    this.#token = token === undefined ? undefined : digest(token);
  }

  /**
   * Who sent it, if they may act.
   * @throws Problem 401 `OPERATOR_TOKEN_REQUIRED`; 403 `OPERATOR_TOKEN_NOT_SET`, `CROSS_SITE`; 415
   */
  admit(request: AskedRequest, reason: string): Operator {
    const refusal = this.#refusal(request);
    if (refusal !== null) throw refusal;
    // A form of another site cannot send it, whatever its browser says of itself.
    if (!/^application\/json\b/i.test(request.get('content-type') ?? '')) {
      throw new Problem({
        status: 415,
        code: 'UNSUPPORTED_MEDIA_TYPE',
        detail: 'Send the body as JSON, with Content-Type: application/json.',
      });
    }
    return { who: whoSent(request), reason };
  }

  /** Says in the log what was done, besides what the domain's own `freshet.operator_log` keeps. */
  acted({ who, reason }: Operator, action: string, subject: Readonly<Record<string, unknown>>): void {
    this.#logger.info({ who, reason, ...subject }, `operator: ${action}`);
  }

  /** What `admit` would say. */
  session(request: AskedRequest): Session {
    const refusal = this.#refusal(request);
    if (refusal === null) return { actions: 'open' };
    return { actions: refusal.status === 401 ? 'token' : 'refused', reason: refusal.message };
  }

  #refusal(request: AskedRequest): Problem | null {
    if (isCrossSite(request)) {
      return new Problem({
        status: 403,
        code: 'CROSS_SITE',
        detail: 'A page of another site sent this. Act from the console of this relay, or from a shell.',
      });
    }
    if (this.#token === undefined) {
      if (this.#boundToLoopback && isLocal(request)) return null;
      return new Problem({
        status: 403,
        code: 'OPERATOR_TOKEN_NOT_SET',
        detail:
          'Without a token, actions are for callers on the machine of a relay that listens there only. Set FRESHET_OPERATOR_TOKEN.',
      });
    }
    const [, given] = /^Bearer +(\S+)$/i.exec(request.get('authorization') ?? '') ?? [];
    if (given !== undefined && timingSafeEqual(digest(given), this.#token)) return null;
    return new Problem({
      status: 401,
      code: 'OPERATOR_TOKEN_REQUIRED',
      detail: 'Send the value of FRESHET_OPERATOR_TOKEN as Authorization: Bearer …',
      headers: { 'WWW-Authenticate': 'Bearer' },
    });
  }
}

/** Of one length, whatever is given: so the comparison takes as long. */
function digest(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}

/**
 * Where the call came from, last and whatever was said, and before it the name that the caller claims. No header of a
 * proxy is read: nothing here tells a proxy's from anybody's.
 */
function whoSent(request: AskedRequest): string {
  const address = request.socket.remoteAddress?.replace(/^::ffff:/i, '') ?? 'unknown';
  const claimed = (request.get('freshet-operator') ?? '')
    .replaceAll(/\p{Cc}/gu, '')
    .slice(0, 100)
    .trim();
  return claimed === '' ? address : `${claimed} (${address})`;
}
