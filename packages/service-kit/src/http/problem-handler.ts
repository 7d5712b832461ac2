import { randomUUID } from 'node:crypto';
import type { ErrorRequestHandler } from 'express';
import type { Logger } from 'pino';
import { answerProblem } from './answer-problem.ts';
import { problemFor } from './known-errors.ts';
import { Problem } from './problem.ts';

/**
 * Answers every error as problem+json. What nobody foresaw is 500 `INTERNAL`: the answer tells only an
 * `instance` (urn:uuid), the log has the error under the same name. Other 5xx are logged as warnings.
 */
export function problemHandler(log: Logger): ErrorRequestHandler {
  // Express knows an error handler by its four parameters.
  return (error: unknown, request, response, _next) => {
    const { method, path } = request;
    const problem = problemFor(error);
    if (problem === undefined) {
      const instance = `urn:uuid:${randomUUID()}`;
      log.error({ err: error, problem: instance, method, path }, 'unexpected error');
      answerProblem(response, internal(instance));
      return;
    }
    if (problem.status >= 500) {
      log.warn({ err: problem.cause, code: problem.code, method, path }, 'request failed');
    }
    answerProblem(response, problem);
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
