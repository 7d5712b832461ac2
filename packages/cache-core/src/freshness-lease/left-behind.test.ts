import { expect, test } from 'vitest';
import { FakeClock } from '../../test/fake-clock.ts';
import { LeftBehind } from './left-behind.ts';

function setUp() {
  const clock = new FakeClock();
  const state = { isLeased: false, reconnects: [] as number[] };
  const leftBehind = new LeftBehind({
    clock,
    // The longest of its pauses.
    random: () => 1,
    isLeased: () => state.isLeased,
    reconnect: () => state.reconnects.push(clock.monotonicMs()),
  });
  const startedAt = clock.monotonicMs();
  leftBehind.start();
  return {
    clock,
    state,
    leftBehind,
    secondsOf: () => state.reconnects.map((at) => (at - startedAt) / 1_000),
  };
}

test('a replica that nobody vouches for connects anew, less and less often', async () => {
  const { clock, leftBehind, secondsOf } = setUp();
  await clock.advance(200_000);
  expect(secondsOf()).toEqual([6, 16, 36, 76, 136, 196]);
  leftBehind.close();
  await clock.advance(200_000);
  expect(secondsOf()).toHaveLength(6);
  expect(clock.pending).toBe(0);
});

test('a lease that is away for a moment costs no connection, and one that came back is not remembered', async () => {
  const { clock, state, leftBehind, secondsOf } = setUp();
  await clock.advance(4_500);
  state.isLeased = true;
  await clock.advance(20_000);
  expect(secondsOf()).toEqual([]);
  state.isLeased = false;
  await clock.advance(17_000);
  expect(secondsOf()).toEqual([30, 40]);
  leftBehind.close();
});
