import { trace } from '@opentelemetry/api';
import { beforeEach, describe, expect, test } from 'vitest';
import { Telemetry } from '../../test/active-span.ts';
import { settle } from '../../test/fake-clock.ts';
import { Flights, type Load } from './flights.ts';

interface Run {
  load: Load;
  answer: (value: string) => Promise<void>;
  fail: () => Promise<void>;
}

let flights: Flights<string>;
let runs: Run[];
let leased: boolean;

beforeEach(() => {
  flights = new Flights();
  runs = [];
  leased = true;
});

function join(key = 'a', minVersion = '0'): { answer: Promise<string>; shared: boolean } {
  return flights.join(
    key,
    minVersion,
    () => leased,
    (load) => {
      const { promise, resolve, reject } = Promise.withResolvers<string>();
      runs.push({
        load,
        answer(value) {
          resolve(value);
          return settle();
        },
        fail() {
          reject(new Error('no answer'));
          return settle();
        },
      });
      return promise;
    },
  );
}

describe('a load', () => {
  test('is shared by all who come while it runs, is clean, and the lease holds', async () => {
    const first = join();
    const others = Array.from({ length: 5 }, () => join());
    expect(runs).toHaveLength(1);
    expect([first.shared, ...others.map(({ shared }) => shared)]).toEqual([
      false,
      true,
      true,
      true,
      true,
      true,
    ]);
    await runs[0]?.answer('value');
    expect(await Promise.all(others.map(({ answer }) => answer))).toEqual(Array(5).fill('value'));
    expect(flights.size).toBe(0);
  });

  test('is of its key only', () => {
    join('a');
    join('b');
    expect(runs).toHaveLength(2);
    expect(flights.size).toBe(2);
  });

  test('that an invalidation made dirty is not shared with whoever comes after it', async () => {
    const before = join();
    flights.markDirty('a');
    const after = join();
    expect(after.shared).toBe(false);
    await runs[0]?.answer('old');
    await runs[1]?.answer('new');
    expect(await before.answer).toBe('old');
    expect(await after.answer).toBe('new');
    expect(runs[1]?.load.dirty).toBe(false);
  });

  test('is made dirty by an invalidation of its own key, or by a flush', () => {
    join('a');
    join('b');
    flights.markDirty('a');
    flights.markDirty('of no load');
    expect(runs.map(({ load }) => load.dirty)).toEqual([true, false]);
    flights.markAllDirty();
    expect(runs.map(({ load }) => load.dirty)).toEqual([true, true]);
  });

  test('that began without a lease is dirty from birth, and not shared', () => {
    leased = false;
    join();
    expect(runs[0]?.load.dirty).toBe(true);
    leased = true;
    join();
    expect(runs).toHaveLength(1);
    expect(flights.size).toBe(1);
  });

  test('that is clean is not shared while the lease does not hold', async () => {
    join();
    leased = false;
    const later = join();
    expect(later.shared).toBe(false);
    await runs[0]?.answer('before');
    await runs[1]?.answer('after');
    expect(await later.answer).toBe('after');
  });
});

describe('without a lease', () => {
  test('one load runs and one waits, however many come', async () => {
    leased = false;
    const first = join();
    const waiting = Array.from({ length: 10 }, () => join());
    expect(runs).toHaveLength(1);
    expect(waiting.map(({ shared }) => shared)).toEqual([false, ...Array<boolean>(9).fill(true)]);
    await runs[0]?.answer('one');
    expect(runs).toHaveLength(2);
    // The one that waited has begun, so who comes now waits for the next.
    const next = join();
    expect(next.shared).toBe(false);
    await runs[1]?.answer('two');
    await runs[2]?.answer('three');
    expect(await first.answer).toBe('one');
    expect(await Promise.all(waiting.map(({ answer }) => answer))).toEqual(Array(10).fill('two'));
    expect(await next.answer).toBe('three');
    expect(flights.size).toBe(0);
  });

  test('a load that waits takes up the lease that holds when it begins', async () => {
    leased = false;
    join();
    join();
    leased = true;
    await runs[0]?.answer('one');
    expect(runs[1]?.load.dirty).toBe(false);
  });

  test('an invalidation while a load waits does not make it dirty: it begins later', async () => {
    join();
    flights.markDirty('a');
    join();
    flights.markDirty('a');
    flights.markAllDirty();
    await runs[0]?.answer('one');
    expect(runs[1]?.load.dirty).toBe(false);
  });
});

describe('a reader with a minimum version', () => {
  test('does not share a load that may have begun before the version was written', async () => {
    join();
    const reader = join('a', '7');
    expect(reader.shared).toBe(false);
    await runs[0]?.answer('old');
    expect(runs[1]?.load.minVersion).toBe('7');
    await runs[1]?.answer('new');
    expect(await reader.answer).toBe('new');
  });

  test('raises what the waiting load must find, for all who share it', async () => {
    join();
    join('a', '9');
    join('a', '10');
    join('a', '8');
    await runs[0]?.answer('old');
    expect(runs).toHaveLength(2);
    expect(runs[1]?.load.minVersion).toBe('10');
  });
});

describe('a load that fails', () => {
  test('fails for all who shared it, and the next reader begins anew', async () => {
    const shared = [join(), join()].map(({ answer }) => answer.catch((error: Error) => error.message));
    await runs[0]?.fail();
    expect(await Promise.all(shared)).toEqual(['no answer', 'no answer']);
    expect(flights.size).toBe(0);
    join();
    expect(runs).toHaveLength(2);
  });

  test('does not keep the one that waits from beginning', async () => {
    const first = join().answer.catch((error: Error) => error.message);
    flights.markDirty('a');
    const second = join();
    await runs[0]?.fail();
    await runs[1]?.answer('value');
    expect(await first).toBe('no answer');
    expect(await second.answer).toBe('value');
  });
});

test('a load that waited begins in the trace of whoever waited first', async () => {
  const telemetry = Telemetry.install();
  const span = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331', traceFlags: 1 };
  const traces: (string | undefined)[] = [];
  const joinInTrace = (traceId: string): void => {
    telemetry.activate({ ...span, traceId });
    flights.join(
      'a',
      '1',
      () => true,
      async () => {
        traces.push(trace.getActiveSpan()?.spanContext().traceId);
        return 'value';
      },
    );
  };
  join();
  joinInTrace('1'.repeat(32));
  joinInTrace('2'.repeat(32));
  await runs[0]?.answer('value');
  expect(traces).toEqual(['1'.repeat(32)]);
});
