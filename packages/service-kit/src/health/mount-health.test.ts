import { disposeAtEnd } from '@freshet/test-kit';
import { metrics } from '@opentelemetry/api';
import { pino } from 'pino';
import { expect, test } from 'vitest';
import { createApp } from '../http/app.ts';
import { listen } from '../http/server.ts';
import { mountHealth } from './mount-health.ts';
import { type ReadinessCheck, readinessOf } from './readiness.ts';

async function serve(check: ReadinessCheck, log = pino({ enabled: false })): Promise<string> {
  const app = createApp({ name: 'thing-service', routes: [], log, extend: (to) => mountHealth(to, check) });
  const server = await listen(app, { host: '127.0.0.1', port: 0 });
  disposeAtEnd('server', () => server.close(1000));
  return server.url;
}

async function ask(url: string) {
  const response = await fetch(url);
  return { status: response.status, body: await response.json() };
}

test('a ready service says how it serves', async () => {
  const url = await serve(() => ({ ready: true, mode: 'degraded', reason: 'no lease' }));
  expect(await ask(`${url}/readyz`)).toEqual({
    status: 200,
    body: { status: 'ready', mode: 'degraded', reason: 'no lease' },
  });
});

test('one that is not ready says why, and is alive all the same', async () => {
  const lines: string[] = [];
  const log = pino({}, { write: (line: string) => void lines.push(line) });
  const url = await serve(() => ({ ready: false, reason: 'no lease yet' }), log);
  expect(await ask(`${url}/readyz`)).toMatchObject({
    status: 503,
    body: { code: 'NOT_READY', detail: 'Not ready: no lease yet.', reason: 'no lease yet' },
  });
  expect(lines, 'probes are not logged').toEqual([]);
  expect(await ask(`${url}/livez`)).toEqual({ status: 200, body: { status: 'live' } });
});

test('a check that throws is not ready, and shows no secret', async () => {
  const url = await serve(() => Promise.reject(new Error('cannot reach redis://:hunter2@host')));
  const { status, body } = await ask(`${url}/readyz`);
  expect(status).toBe(503);
  expect(JSON.stringify(body)).toContain('cannot reach redis://[redacted]@host');
  expect(JSON.stringify(body)).not.toContain('hunter2');
});

test('a check that hangs is not ready', async () => {
  expect(await readinessOf(() => new Promise(() => {}), 1)).toEqual({
    ready: false,
    reason: 'the check took longer than 1 ms',
  });
});

test('/metrics has what was counted, in the text format of Prometheus, under the names given', async () => {
  const url = await serve(() => ({ ready: true }));
  metrics
    .getMeter('test')
    .createCounter('freshet_cache_requests_total')
    .add(2, { layer: 'l1', outcome: 'hit' });
  const response = await fetch(`${url}/metrics`);
  expect(response.headers.get('content-type')).toContain('text/plain');
  expect(await response.text()).toContain('freshet_cache_requests_total{layer="l1",outcome="hit"} 2');
});
