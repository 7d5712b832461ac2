import type { Express } from 'express';
import { answerProblem } from '../http/answer-problem.ts';
import { unavailable } from '../http/problem.ts';
import { answerMetrics, startMetrics } from '../telemetry/metrics.ts';
import { publishProcessMetrics } from '../telemetry/process-metrics.ts';
import { type ReadinessCheck, readinessOf } from './readiness.ts';

/**
 * `/livez` (200 while the process answers), `/readyz` (200 with `mode`, else 503 `NOT_READY` with the
 * reason) and `/metrics`.
 */
export function mountHealth(app: Express, check: ReadinessCheck): void {
  startMetrics();
  publishProcessMetrics();
  app.get('/livez', (_request, response) => {
    response.set('Cache-Control', 'no-store').json({ status: 'live' });
  });
  app.get('/readyz', async (_request, response) => {
    const { ready, ...details } = await readinessOf(check);
    if (!ready) {
      // Not thrown: every probe of a service that starts would be logged as a failed request.
      const detail = `Not ready: ${String(details['reason'])}.`;
      answerProblem(response, unavailable('NOT_READY', detail, { extensions: details }));
      return;
    }
    response.set('Cache-Control', 'no-store').json({ status: 'ready', ...details });
  });
  app.get('/metrics', (request, response) => answerMetrics(request, response));
}
