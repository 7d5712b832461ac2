import { describe, expect, test } from 'vitest';
import { FakeClock } from '../../test/fake-clock.ts';
import type { Appended, Laggards } from '../log/coherence-log.ts';
import { emptyMemories, Overtaken } from './fence.ts';

const FENCED = { history: 'one', blessing: 1 };

/** A barrier that nobody holds up, answered by these servers. */
function barrier(answers: { appended?: Partial<Appended>; laggards?: Partial<Laggards> }): Promise<void> {
  const protocol = {
    append: () => Promise.resolve({ ...FENCED, lastId: '1-1', ...answers.appended }),
    ring: () => Promise.resolve(),
    laggards: () => Promise.resolve({ ...FENCED, count: 0, waitMs: 0, ...answers.laggards }),
  };
  const replica = { protocol, lease: { renew() {} }, clock: new FakeClock() };
  return emptyMemories(replica, 'shop:stock:1', FENCED, () => true);
}

describe('a barrier', () => {
  test('that the fenced server answers is passed', async () => {
    await expect(barrier({})).resolves.toBeUndefined();
  });

  test.each<[what: string, answers: Parameters<typeof barrier>[0]]>([
    ['its event was appended elsewhere', { appended: { history: 'another' } }],
    ['its laggards were told elsewhere', { laggards: { history: 'another' } }],
    ['its laggards were told under another blessing', { laggards: { blessing: 2 } }],
  ])('that another server answers is not passed: %s', async (_, answers) => {
    await expect(barrier(answers)).rejects.toThrow(Overtaken);
  });
});
