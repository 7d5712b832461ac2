import { context } from '@opentelemetry/api';
import type { RequestHandler } from 'express';
import type { Logger } from 'pino';

const EVENT_STREAM = 'text/event-stream';

export interface RequestLogOptions {
  /** Answers that take longer are logged as warnings. Default: 1000 ms. */
  readonly slowMs?: number;
}

/**
 * One line per request: slow ones as warnings, all others at debug level. Failures have a line of their own,
 * with the reason, from the problem handler.
 * Own code, since pino-http makes a child logger for each request, also for those that are never logged.
 */
export function requestLog(log: Logger, options: RequestLogOptions = {}): RequestHandler {
  const { slowMs = 1000 } = options;
  return (request, response, next) => {
    const begin = performance.now();
    // The end of an answer comes from the socket, which belongs to no trace.
    const active = context.active();
    response.once('close', () => {
      const durationMs = Math.round((performance.now() - begin) * 10) / 10;
      // A stream of events lasts for as long as somebody listens.
      const streamed = response.getHeader('content-type') === EVENT_STREAM;
      const level = durationMs >= slowMs && !streamed ? 'warn' : 'debug';
      if (!log.isLevelEnabled(level)) return;
      const { statusCode: status, writableFinished: finished } = response;
      const { method, path } = request;
      const fields = { method, path, status, durationMs, ...(finished ? {} : { cutOff: true }) };
      context.with(active, () => log[level](fields, 'request'));
    });
    next();
  };
}
