import { randomUUID } from 'node:crypto';
import type { ErrorRequestHandler, Response } from 'express';
import type { Logger } from 'pino';
import { problemFor } from './known-errors.ts';
import { Problem, problemContentType } from './problem.ts';

/**
 * Answers every error as problem+json. What nobody foresaw is 500 `INTERNAL`: the answer tells only an
 * `instance` (urn:uuid), the log has the error under the same name. 5xx that are foreseen are logged as warnings.
 */
export function problemHandler(log: Logger): ErrorRequestHandler {
  return (error: unknown, request, response, next) => {
    const problem = problemFor(error);
    if (problem === undefined) {
      const instance = `urn:uuid:${randomUUID()}`;
      log.error(
        { err: error, problem: instance, method: request.method, path: request.path },
        'unexpected error',
      );
      sendProblem(response, internal(instance), next);
      return;
    }
    if (problem.status >= 500) {
      log.warn(
        { err: problem.cause, code: problem.code, method: request.method, path: request.path },
        'request failed',
      );
    }
    sendProblem(response, problem, next);
  };
}

function internal(instance: string): Problem {
  return new Problem({
    status: 500,
    code: 'INTERNAL',
    detail: 'An unexpected error. It is not your fault; quote the instance when you report it.',
    extensions: { instance },
  });
}

function sendProblem(response: Response, problem: Problem, next: (error: unknown) => void): void {
  if (response.headersSent) {
    // Too late for an answer: express closes the connection, so that the caller sees that it was cut off.
    next(problem);
    return;
  }
  // Headers of the answer that was meant do not belong to the problem.
  for (const name of ['ETag', 'Location', 'Content-Encoding']) response.removeHeader(name);
  const text = JSON.stringify(problem.document());
  response.status(problem.status).set(problem.headers);
  response.set('Content-Type', problemContentType).set('Cache-Control', 'no-store').end(text);
}
