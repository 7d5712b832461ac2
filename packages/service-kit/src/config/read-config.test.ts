import { describe, expect, test } from 'vitest';
import { StartupError } from '../startup-error.ts';
import { commonVariables } from './common-variables.ts';
import { describeConfig, readConfig } from './read-config.ts';
import { choice, flag, integer, list, optionalHttpUrl, postgresUrl, text } from './variable.ts';

const common = commonVariables({ name: 'user-service', port: 3001 });
const variables = {
  ...common,
  databaseUrl: postgresUrl('DATABASE_URL', 'the database of this service'),
  migrateOnStart: flag('MIGRATE_ON_START', { default: true, description: 'migrate first' }),
};
const minimal = { REDIS_CACHE_URL: 'redis://localhost:6379', DATABASE_URL: 'postgres://u:p@localhost/user' };

function mistakesOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (error instanceof StartupError && error.code === 'FRESHET_CONFIG') return error.message;
    throw error;
  }
  throw new Error('nothing was refused');
}

test('the minimal environment gets the defaults', () => {
  const config = readConfig(variables, minimal);
  expect(config).toEqual({
    host: '127.0.0.1',
    port: 3001,
    instanceName: expect.stringMatching(/^user-service-[0-9a-f]{6}$/),
    redisCacheUrl: 'redis://localhost:6379',
    logLevel: 'info',
    shutdownDeadlineMs: 10_000,
    shutdownNoticeMs: 0,
    otlpEndpoint: undefined,
    databaseUrl: 'postgres://u:p@localhost/user',
    migrateOnStart: true,
  });
});

test('an empty variable counts as unset', () => {
  expect(readConfig(common, { ...minimal, PORT: '', OTEL_EXPORTER_OTLP_ENDPOINT: '' })).toMatchObject({
    port: 3001,
    otlpEndpoint: undefined,
  });
});

test('all mistakes are reported together, each with what is expected', () => {
  const message = mistakesOf(() =>
    readConfig(variables, {
      PORT: '99999',
      LOG_LEVEL: 'loud',
      MIGRATE_ON_START: 'yes',
      DATABASE_URL: minimal.DATABASE_URL,
    }),
  );
  expect(message).toContain('4 mistakes');
  expect(message).toContain('PORT must be a whole number from 0 to 65535, not "99999"');
  expect(message).toContain(
    'LOG_LEVEL must be one of trace, debug, info, warn, error, fatal, silent, not "loud"',
  );
  expect(message).toContain('MIGRATE_ON_START must be true or false, not "yes"');
  expect(message).toContain('REDIS_CACHE_URL is missing');
});

test('no message shows a secret', () => {
  const message = mistakesOf(() =>
    readConfig(
      { ...variables, apiToken: text('API_TOKEN', { description: 'a token', secret: true }) },
      { DATABASE_URL: 'mysql://root:hunter2@db', REDIS_CACHE_URL: 'hunter2', API_TOKEN: '' },
    ),
  );
  expect(message).toContain(
    'DATABASE_URL must be a URL like postgres://user:password@localhost:5432/database',
  );
  expect(message).not.toContain('hunter2');
});

describe('each kind refuses what it does not mean', () => {
  test.each([
    [
      integer('X', { min: 1, max: 10, description: '' }),
      ['', '0', '11', '1.5', 'abc', '1e1', ' 5', '0x5', 'NaN', '99999999999999999999'],
    ],
    [flag('X', { description: '' }), ['TRUE', '1', 'yes']],
    [choice('X', ['a', 'b'], { description: '' }), ['c', 'A']],
    [list('X', { description: '' }), ['', 'a,a', 'a,,b', 'A', 'a b', '../x']],
    [postgresUrl('X', ''), ['localhost', 'http://h/d', 'postgres:///d', 'postgres://']],
    [optionalHttpUrl('X', ''), ['localhost:4318', 'grpc://h']],
  ])('%o', (variable, texts) => {
    for (const X of texts.filter((value) => value !== '')) {
      expect(mistakesOf(() => readConfig({ value: variable }, { X }))).toContain('X must be');
    }
  });
});

test('lists are split and trimmed', () => {
  expect(
    readConfig({ domains: list('DOMAINS', { description: '' }) }, { DOMAINS: 'user, inventory' }),
  ).toEqual({
    domains: ['user', 'inventory'],
  });
});

test('the table names every variable once, with its default', () => {
  const table = describeConfig(variables);
  expect(table).toContain(
    '| `PORT` | `3001` | port to listen on, 0 picks a free one (a whole number from 0 to 65535) |',
  );
  expect(table).toContain('| `DATABASE_URL` | required |');
  expect(table.split('\n')).toHaveLength(2 + Object.keys(variables).length);
});
