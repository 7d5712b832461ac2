import { trace } from '@opentelemetry/api';
import { expect, onTestFinished, test, vi } from 'vitest';
import { createLogger, type Logger } from './logger.ts';
import { withoutCredentials } from './redact.ts';

function logged(work: (log: Logger) => void, level = 'info') {
  const lines: string[] = [];
  const destination = { write: (line: string) => void lines.push(line) };
  work(createLogger({ service: 'user-service', instance: 'user-service-1', level, destination }));
  return lines.map((line): Record<string, unknown> => JSON.parse(line));
}

test('a line is JSON with level, time, service and instance', () => {
  expect(logged((log) => log.info({ n: 1 }, 'hello'))).toEqual([
    {
      level: 'info',
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
      service: 'user-service',
      instance: 'user-service-1',
      n: 1,
      msg: 'hello',
    },
  ]);
});

test('lines below the level are not written', () => {
  expect(logged((log) => log.debug('no'))).toEqual([]);
  expect(logged((log) => log.debug('yes'), 'debug')).toHaveLength(1);
});

test('secrets are redacted by name, and credentials in URLs wherever they are', () => {
  const url = 'postgres://ada:hunter2@localhost/user';
  const text = JSON.stringify(
    logged((log) => {
      log.info({
        password: 'hunter2',
        config: { token: 'hunter2' },
        request: { headers: { authorization: 'hunter2' } },
      });
      log.error({ err: new Error(`cannot reach ${url}`) }, `and again ${url}`);
      log.warn({ url, list: [url] });
    }),
  );
  expect(text).not.toContain('hunter2');
  expect(text).toContain('postgres://[redacted]@localhost/user');
});

test.each([
  ['redis://:secret@host:6379/0', 'redis://[redacted]@host:6379/0'],
  ['redis://host:6379', 'redis://host:6379'],
  ['postgres://a:p@ss@host/d', 'postgres://[redacted]@host/d'],
  ['from http://a/x to mailto:b@c', 'from http://a/x to mailto:b@c'],
  ['http://host/path:with@sign', 'http://host/path:with@sign'],
  ['http://h:80/a "http://u:p@h"', 'http://h:80/a "http://[redacted]@h"'],
])('%s becomes %s', (text, expected) => {
  expect(withoutCredentials(text)).toBe(expected);
});

test('lines inside a span carry the ids of the trace and the span', () => {
  const span = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331', traceFlags: 1 };
  const active = vi.spyOn(trace, 'getActiveSpan').mockReturnValueOnce(trace.wrapSpanContext(span));
  onTestFinished(() => active.mockRestore());
  const lines = logged((log) => {
    log.info('in');
    log.info('out');
  });
  expect(lines[0]).toMatchObject({ trace_id: span.traceId, span_id: span.spanId });
  expect(lines[1]).not.toHaveProperty('trace_id');
});
