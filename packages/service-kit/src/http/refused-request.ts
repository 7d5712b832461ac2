import type { Duplex } from 'node:stream';
import { codeOf } from './known-errors.ts';
import { Problem, problemContentType } from './problem.ts';

/**
 * Answers what Node's parser refuses before express sees it (broken HTTP, headers too large or too slow)
 * as problem+json, and closes the connection.
 */
export function refuseRequest(error: Error, socket: Duplex): void {
  if (!socket.writable || codeOf(error) === 'ECONNRESET') {
    socket.destroy();
    return;
  }
  const problem = refusal(codeOf(error) ?? '');
  const body = JSON.stringify(problem.document());
  socket.end(
    [
      `HTTP/1.1 ${problem.status} ${problem.title}`,
      'Connection: close',
      `Content-Type: ${problemContentType}`,
      `Content-Length: ${Buffer.byteLength(body)}`,
      '',
      body,
    ].join('\r\n'),
  );
}

function refusal(code: string): Problem {
  switch (code) {
    case 'HPE_HEADER_OVERFLOW':
      return new Problem({
        status: 431,
        code: 'HEADERS_TOO_LARGE',
        detail: 'The path and headers are larger than 16 kB. Send less.',
      });
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return new Problem({
        status: 408,
        code: 'REQUEST_TIMEOUT',
        detail: 'The request did not arrive in time. Send it again, without pauses.',
      });
    default:
      return new Problem({
        status: 400,
        code: 'MALFORMED_HTTP',
        detail: 'This is not an HTTP/1.1 request. Check its first line and its headers.',
      });
  }
}
