import { trace } from '@opentelemetry/api';
import { beforeEach, describe, expect, test } from 'vitest';
import { Telemetry } from '../../test/active-span.ts';
import { FakeClock, settle } from '../../test/fake-clock.ts';
import { OriginGate } from './origin-gate.ts';

interface Running {
  name: string;
  signal: AbortSignal;
  finish: (value?: string) => Promise<void>;
  fail: () => Promise<void>;
}

let clock: FakeClock;
let gate: OriginGate;
let running: Running[];

beforeEach(() => {
  clock = new FakeClock();
  gate = new OriginGate({ clock, concurrency: 2, queue: 3, timeoutMs: 3_000 });
  running = [];
});

/** The answer, or the code of the error. */
function ask(name: string): Promise<string> {
  return gate
    .run<string>((signal) => {
      const { promise, resolve, reject } = Promise.withResolvers<string>();
      running.push({
        name,
        signal,
        finish(value = name) {
          resolve(value);
          return settle();
        },
        fail() {
          reject(new Error('refused'));
          return settle();
        },
      });
      return promise;
    })
    .catch((error: Error & { code?: string }) => error.code ?? error.message);
}

const names = (): string[] => running.map(({ name }) => name);

test('loads run at once up to the bound, then in the order in which they came', async () => {
  const answers = ['a', 'b', 'c', 'd'].map(ask);
  expect(names()).toEqual(['a', 'b']);
  expect(gate.running).toBe(2);
  await running[1]?.finish();
  expect(names()).toEqual(['a', 'b', 'c']);
  await running[0]?.fail();
  expect(names()).toEqual(['a', 'b', 'c', 'd']);
  await running[2]?.finish();
  await running[3]?.finish();
  expect(await Promise.all(answers)).toEqual(['refused', 'b', 'c', 'd']);
  expect(gate.running).toBe(0);
  expect(clock.pending).toBe(0);
});

test('a load that finds the queue full is refused at once, and may be tried again', async () => {
  const answers = ['a', 'b', 'c', 'd', 'e'].map(ask);
  await expect(gate.run(() => Promise.resolve())).rejects.toMatchObject({
    code: 'FRESHET_OVERLOADED',
    retryable: true,
  });
  await running[0]?.finish();
  answers.push(ask('g'));
  for (let index = 1; index < 6; index++) await running[index]?.finish();
  expect(await Promise.all(answers)).toEqual(['a', 'b', 'c', 'd', 'e', 'g']);
});

describe('a load that takes too long', () => {
  test('fails at its deadline and is told, but keeps its place until it really ends', async () => {
    const [slow] = [ask('slow'), ask('other'), ask('waiting')];
    await clock.advance(2_999);
    expect(running[0]?.signal.aborted).toBe(false);
    await running[1]?.finish();
    expect(names()).toEqual(['slow', 'other', 'waiting']);
    const late = ask('late');
    await clock.advance(1);
    expect(await slow).toBe('FRESHET_LOAD_TIMEOUT');
    expect(running[0]?.signal.aborted).toBe(true);
    expect(running[0]?.signal.reason).toMatchObject({ code: 'FRESHET_LOAD_TIMEOUT', retryable: true });
    // The database still works on both of them.
    expect(gate.running).toBe(2);
    expect(names()).not.toContain('late');
    await running[0]?.finish();
    expect(names()).toContain('late');
    await running[3]?.finish();
    expect(await late).toBe('late');
  });

  test('waiting for its turn included, and then never begins', async () => {
    const answers = ['a', 'b', 'waiting'].map(ask);
    await clock.advance(3_000);
    expect(await Promise.all(answers)).toEqual(Array(3).fill('FRESHET_LOAD_TIMEOUT'));
    await running[0]?.finish();
    await running[1]?.finish();
    expect(names()).toEqual(['a', 'b']);
    expect(gate.running).toBe(0);
  });

  test('and was given up while it waited leaves its place in the queue to others', async () => {
    const given = ['a', 'b', 'c', 'd', 'e'].map(ask);
    await clock.advance(3_000);
    expect(await Promise.all(given)).toEqual(Array(5).fill('FRESHET_LOAD_TIMEOUT'));
    const late = ask('late');
    await running[0]?.finish();
    await running[2]?.finish();
    expect(await late).toBe('late');
  });
});

test('a load that throws before it begins to wait fails as any other, and gives its place back', async () => {
  const broken = (): Promise<string> => {
    throw new TypeError('no such table');
  };
  await expect(gate.run(broken)).rejects.toThrow('no such table');
  expect(gate.running).toBe(0);
  expect(clock.pending).toBe(0);
});

test('a load that waited runs in the trace of whoever asked for it', async () => {
  const telemetry = Telemetry.install();
  const traces: (string | undefined)[] = [];
  const span = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331', traceFlags: 1 };
  const askInTrace = async (traceId: string): Promise<string> => {
    telemetry.activate({ ...span, traceId });
    return await gate.run(async () => {
      traces.push(trace.getActiveSpan()?.spanContext().traceId);
      return traceId;
    });
  };
  void ask('a');
  void ask('b');
  const waiting = [askInTrace('1'.repeat(32)), askInTrace('2'.repeat(32))];
  telemetry.activate({ ...span, traceId: '3'.repeat(32) });
  await running[0]?.finish();
  await running[1]?.finish();
  await Promise.all(waiting);
  expect(traces).toEqual(['1'.repeat(32), '2'.repeat(32)]);
});
