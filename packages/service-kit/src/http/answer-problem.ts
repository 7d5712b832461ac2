import type { Response } from 'express';
import { type Problem, problemContentType } from './problem.ts';

/** Answers with `problem` as problem+json (RFC 9457). */
export function answerProblem(response: Response, problem: Problem): void {
  if (response.headersSent) {
    // Too late for an answer: the caller must see that this one was cut off.
    response.destroy();
    return;
  }
  // Headers of the answer that was meant do not belong to the problem.
  for (const name of ['ETag', 'Location', 'Content-Encoding']) response.removeHeader(name);
  response.status(problem.status).set(problem.headers);
  response.set('Content-Type', problemContentType).set('Cache-Control', 'no-store');
  response.end(JSON.stringify(problem.document()));
}
