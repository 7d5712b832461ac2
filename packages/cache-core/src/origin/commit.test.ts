import { expect, test } from 'vitest';
import { commit } from './commit.ts';
import type { QueryClient, QueryResult } from './query-client.ts';

function client(answer: () => { command: string }): QueryClient {
  return {
    async query<Row>(): Promise<QueryResult<Row>> {
      return { rows: [], rowCount: null, ...answer() };
    },
  };
}

function failing(code?: string): QueryClient {
  return client(() => {
    throw Object.assign(new Error('of the database'), code === undefined ? {} : { code });
  });
}

test('a commit is one', async () => {
  await expect(commit(client(() => ({ command: 'COMMIT' })))).resolves.toBeUndefined();
});

test('a COMMIT that rolled back, as a statement had failed, is told', async () => {
  await expect(commit(client(() => ({ command: 'ROLLBACK' })))).rejects.toMatchObject({
    code: 'FRESHET_ROLLED_BACK',
    retryable: false,
  });
});

test.each(['23503', '23505', '40001', '40P01', '23514', '25P02', 'P0001', '55P03'])(
  'what the server refused with %s did not commit: its error is the answer',
  async (code) => {
    await expect(commit(failing(code))).rejects.toMatchObject({ code, message: 'of the database' });
  },
);

test.each([
  ['a connection that broke', undefined],
  ['a connection exception', '08006'],
  ['an unknown outcome, as the server says itself', '08007'],
  ['an administrator who ended the backend', '57P01'],
  ['a crash of another backend', '57P02'],
  ['a cancelled wait for a standby', '57014'],
  ['an internal error', 'XX000'],
  ['a WAL that could not be written', '58030'],
  ['a WAL that found no space', '53100'],
  ['transaction_timeout', '25P04'],
  ['the socket', 'ECONNRESET'],
  ['the socket, with a name of five letters', 'EPIPE'],
])('after %s the change may stand', async (_, code) => {
  await expect(commit(failing(code))).rejects.toMatchObject({
    code: 'FRESHET_COMMIT_UNKNOWN',
    retryable: false,
    cause: expect.any(Error),
  });
});
