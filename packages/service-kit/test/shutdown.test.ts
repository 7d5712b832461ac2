import { once } from 'node:events';
import { Agent, get, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { eventually } from '@freshet/test-kit';
import { expect, test } from 'vitest';
import { type FixtureProcess, messages, startFixture } from './fixture-process.ts';

const clean = { code: 0, signal: null };

/** A request whose body is half sent, so that the server is busy with it for as long as the test wants. */
async function halfARequest(fixture: FixtureProcess, agent: Agent) {
  const body = '{"text":"hello"}';
  const headers = { 'Content-Type': 'application/json', 'Content-Length': body.length };
  const sending = request(`${fixture.url()}/echo`, { method: 'POST', agent, headers });
  const answered = once(sending, 'response');
  sending.write(body.slice(0, 5));
  await once(sending, 'socket');
  // The server has seen the first half once it answers a later request on another connection.
  await fetch(`${fixture.url()}/livez`, { headers: { Connection: 'close' } });
  return async () => {
    sending.end(body.slice(5));
    const [response] = await answered;
    return {
      status: response.statusCode,
      connection: response.headers.connection,
      body: await text(response),
    };
  };
}

async function signalled(fixture: FixtureProcess, signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
  await fixture.kill(signal);
  await eventually(() => messages(fixture).includes('shutting down'), { what: 'the signal was seen' });
}

test('a request that runs is finished, then everything is closed, the newest first', async () => {
  const fixture = await startFixture();
  const agent = new Agent({ keepAlive: true });
  const finish = await halfARequest(fixture, agent);
  await signalled(fixture);
  await eventually(
    () =>
      fetch(`${fixture.url()}/livez`).then(
        () => false,
        () => true,
      ),
    { what: 'no new connection is accepted' },
  );
  expect(messages(fixture)).not.toContain('closed second');
  expect(await finish()).toEqual({ status: 200, connection: 'close', body: '{"text":"hello"}' });
  expect(await fixture.exited).toEqual(clean);
  expect(messages(fixture)).toEqual([
    'building',
    'listening',
    'shutting down',
    'closed second',
    'closed first',
    'stopped',
  ]);
});

test('with a notice, requests are served after /readyz said no, until the notice is over', async () => {
  const notice = { SHUTDOWN_NOTICE_MS: '300000', SHUTDOWN_DEADLINE_MS: '600000' };
  const fixture = await startFixture(notice);
  await signalled(fixture);
  const anew = (path: string) =>
    fetch(`${fixture.url()}${path}`, { headers: { Connection: 'close' } }).then(({ status }) => status);
  await eventually(async () => (await anew('/readyz')) === 503, { what: 'it says that it is leaving' });
  expect(await anew('/livez'), 'a new connection is served').toBe(200);
  expect(messages(fixture)).not.toContain('closed second');
  await fixture.kill('SIGINT');
  expect(await fixture.exited).toEqual({ code: 1, signal: null });

  const brief = await startFixture({ SHUTDOWN_NOTICE_MS: '50' });
  await signalled(brief);
  expect(await brief.exited).toEqual(clean);
  expect(messages(brief)).toContain('stopped');
});

test('a stream that began before the signal is told to end, and its connection does not linger', async () => {
  const fixture = await startFixture();
  const agent = new Agent({ keepAlive: true });
  const [response] = await once(get(`${fixture.url()}/stream`, { agent }), 'response');
  await signalled(fixture);
  expect(await text(response)).toBe('begun ended');
  expect(await fixture.exited).toEqual(clean);
});

test('an idle keep-alive connection does not keep the process', async () => {
  const fixture = await startFixture();
  const agent = new Agent({ keepAlive: true });
  const [response] = await once(get(`${fixture.url()}/livez`, { agent }), 'response');
  await text(response);
  await signalled(fixture, 'SIGINT');
  expect(await fixture.exited).toEqual(clean);
});

test('a request that never ends is cut off at the deadline, everything is closed all the same', async () => {
  const fixture = await startFixture({ SHUTDOWN_DEADLINE_MS: '300' });
  const answer = fetch(`${fixture.url()}/hang`).catch(() => 'cut off');
  await eventually(() => messages(fixture).includes('hanging'), { what: 'the request arrived' });
  await signalled(fixture);
  expect(await answer).toBe('cut off');
  expect(await fixture.exited).toEqual({ code: 1, signal: null });
  expect(messages(fixture)).toEqual(
    expect.arrayContaining(['requests were cut off by the shutdown', 'closed first']),
  );
});

test('a closer that never ends does not keep the others from closing', async () => {
  const fixture = await startFixture({ SHUTDOWN_DEADLINE_MS: '300', HANG_AT_CLOSE: 'true' });
  await signalled(fixture);
  expect(await fixture.exited).toEqual({ code: 1, signal: null });
  expect(messages(fixture)).toContain('closed first');
  expect(fixture.log()).toContainEqual(
    expect.objectContaining({ closer: 'hanging', msg: 'could not be closed in order' }),
  );
});

test('a second signal ends the process at once', async () => {
  const fixture = await startFixture({ SHUTDOWN_DEADLINE_MS: '600000', HANG_AT_CLOSE: 'true' });
  await signalled(fixture);
  await eventually(() => messages(fixture).includes('closed second'), { what: 'it hangs in a closer' });
  await fixture.kill('SIGINT');
  expect(await fixture.exited).toEqual({ code: 1, signal: null });
});

test('a signal before the start is over ends the process', async () => {
  const fixture = await startFixture({ HANG_AT_START: 'true' }, 'building');
  await fixture.kill('SIGTERM');
  expect(await fixture.exited).toEqual(clean);
});

test.each(['throw', 'reject'])(
  'an error outside of any request (%s) is logged, and ends the process',
  async (how) => {
    const fixture = await startFixture();
    const answer = fetch(`${fixture.url()}/${how}`).catch(() => 'cut off');
    expect(await answer).toBe('cut off');
    expect(await fixture.exited).toEqual({ code: 1, signal: null });
    expect(fixture.log()).toContainEqual(
      expect.objectContaining({
        level: 'fatal',
        err: expect.objectContaining({ message: expect.stringMatching(/outside of a request/) }),
      }),
    );
  },
);
