import { expect, test } from 'vitest';
import { FakeClock } from '../test/fake-clock.ts';
import { ageFromNow } from './clock.ts';

test('an age is what the clock says that went on while the other stood still, or was set back', async () => {
  const clock = new FakeClock();
  const ageMs = ageFromNow(clock);
  await clock.advance(100);
  expect(ageMs()).toBe(100);
  clock.suspend(1_000);
  expect(ageMs()).toBe(1_100);
  clock.stepWall(-5_000);
  expect(ageMs()).toBe(100);
});
