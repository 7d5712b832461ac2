import { expect, test } from 'vitest';
import { KeySpace } from '../../src/load/key-space.ts';
import { Session } from '../../src/load/session.ts';
import { zipf } from '../../src/load/zipf.ts';
import { Random } from '../../src/random.ts';

test('the first rank is drawn about twice as often as the second, and each is drawn', () => {
  const draw = zipf(50);
  const random = new Random(1);
  const counts = Array.from({ length: 50 }, () => 0);
  for (let count = 0; count < 100_000; count++) {
    const rank = draw(random);
    counts[rank] = (counts[rank] ?? 0) + 1;
  }
  expect((counts[0] ?? 0) / (counts[1] ?? 1)).toBeCloseTo(2, 0);
  expect(Math.min(...counts)).toBeGreaterThan(0);
});

test('an id whose deletion nobody knows about gets a successor, and is still read', () => {
  const space = new KeySpace(3);
  const [slot] = space.slots;
  if (slot === undefined) throw new Error('There are three slots.');
  const first = space.nextName(slot, 'p');
  space.use(slot, first);
  space.retire(slot);
  const second = space.nextName(slot, 'p');
  space.use(slot, second);
  expect(second).not.toBe(first);
  expect(space.pickRetired(new Random(1))).toBe(first);
  expect([...space.ids]).toEqual([first, second]);
});

test('a session asks for the highest version that it saw, and forgets keys that it has not touched for long', () => {
  const session = new Session('s');
  session.see('a', '9');
  session.see('a', '10');
  session.see('a', '8');
  session.see('a', null);
  expect(session.versionOf('a')).toBe('10');
  for (let key = 0; key < 64; key++) session.see(`other ${key}`, '1');
  expect(session.versionOf('a')).toBeUndefined();
});
