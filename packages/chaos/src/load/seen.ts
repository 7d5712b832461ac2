import type { Layer, OperationRecord } from '../contract.ts';
import { type HttpAnswer, NoAnswer } from './http.ts';

/** What a client saw of an operation. */
export type Seen = Pick<OperationRecord, 'outcome' | 'status' | 'version' | 'value' | 'layer' | 'detail'>;

export function seenRead(answer: HttpAnswer, valueIn: (body: HttpAnswer['body']) => Seen['value']): Seen {
  const { status, version, cacheStatus, body } = answer;
  // A version is an answer, whoever gave it. Only of 'not found' it has to be told whether the service said so, or somebody else.
  const isAnswer =
    (version !== null && (status === 200 || status === 304)) ||
    (cacheStatus !== null && (status === 200 || status === 404));
  return {
    outcome: isAnswer ? 'ok' : 'failed',
    status,
    version: status === 404 ? null : version,
    value: status === 200 ? valueIn(body) : null,
    ...howAnswered(cacheStatus, body),
  };
}

/**
 * Refused is what the service says nothing came of: all 4xx, and all 503 but the one that says that nobody knows. Any other answer
 * (a gateway that got none, a service that did not foresee this) leaves it open.
 */
export function seenWrite(answer: HttpAnswer, written: Seen['value']): Seen {
  const { status, version, body } = answer;
  const code = typeof body['code'] === 'string' ? body['code'] : undefined;
  const base = { status, layer: null, ...(code === undefined ? {} : { detail: code }) };
  if (status >= 200 && status < 300) return { ...base, outcome: 'ok', version, value: written };
  const isRefused =
    (status >= 400 && status < 500) || (status === 503 && code !== undefined && code !== 'COMMIT_UNKNOWN');
  return { ...base, outcome: isRefused ? 'failed' : 'unknown', version: null, value: written };
}

export function seenFailure(error: unknown, written: Seen['value'], isRead: boolean): Seen {
  const isOpen = !isRead && !(error instanceof NoAnswer && !error.sent);
  return {
    outcome: isOpen ? 'unknown' : 'failed',
    status: 0,
    version: null,
    value: isRead ? null : written,
    layer: null,
    detail: error instanceof Error ? error.message : String(error),
  };
}

/** From `Cache-Status` (RFC 9211), or the code of a problem. */
function howAnswered(cacheStatus: string | null, body: HttpAnswer['body']): Pick<Seen, 'layer' | 'detail'> {
  if (cacheStatus === null) {
    const { code } = body;
    return { layer: null, ...(typeof code === 'string' ? { detail: code } : {}) };
  }
  const hit = /; hit(?:;|$)/.test(cacheStatus);
  const said = /; detail=([\w-]+)/.exec(cacheStatus)?.[1] ?? /; fwd=([\w-]+)/.exec(cacheStatus)?.[1];
  const layer: Layer = hit ? (said === 'l1' ? 'l1' : 'l2') : 'origin';
  return { layer, ...(said === undefined || said === layer ? {} : { detail: said }) };
}
