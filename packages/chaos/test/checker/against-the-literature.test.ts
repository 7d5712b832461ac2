import { expect, test } from 'vitest';
import type { OperationRecord } from '../../src/contract.ts';
import { Random } from '../../src/random.ts';
import { judge } from './operation.ts';
import { type RandomHistory, randomHistory } from './random-history.ts';
import { isLinearizable } from './wing-gong.ts';

const HISTORIES = 6_000;

/** Makes an answer another one, or moves an operation in time. What comes of it may be right or wrong. */
function disturb(random: Random, { operations, states }: RandomHistory): OperationRecord[] {
  const disturbed = [...operations];
  for (let count = Math.floor(random.next() * 3); count > 0; count--) {
    const index = Math.floor(random.next() * disturbed.length);
    const operation = disturbed[index];
    if (operation === undefined) continue;
    if (operation.op === 'read' && random.next() < 0.8) {
      const { version, value } = random.pick(states);
      disturbed[index] = { ...operation, version, value, status: version === null ? 404 : 200 };
    } else {
      const by = Math.floor(random.between(-40, 40));
      disturbed[index] = { ...operation, start: operation.start + by, end: operation.end + by };
    }
  }
  return disturbed;
}

/** What those drew of which nobody was told, where a read shows it: values are unique here. */
function seenVersions(operations: readonly OperationRecord[]): Map<number, string> {
  const seen = new Map<number, string>();
  for (const write of operations) {
    if (write.outcome !== 'unknown' || write.value === null) continue;
    const read = operations.find(({ op, value }) => op === 'read' && value === write.value);
    if (read?.version != null) seen.set(write.id, read.version);
  }
  return seen;
}

test('linearizability is judged as by a search for an order', async () => {
  const verdicts = { right: 0, wrong: 0 };
  for (let seed = 1; seed <= HISTORIES; seed++) {
    const random = new Random(seed);
    const history = randomHistory(random, {
      kind: 'stock',
      count: 4 + (seed % 9),
      spanMs: 100,
      longestMs: 40,
      staleMs: 0,
      unknown: seed % 2 === 0 ? 20 : 0,
      // Which of two deletions came first is not to be told where one drew its version late and nobody knows of the other.
      lateVersions: seed % 2 === 1,
      reservations: true,
    });
    expect(
      isLinearizable(history.operations, seenVersions(history.operations)),
      `undisturbed, seed ${seed}`,
    ).toBe(true);
    const operations = disturb(random, history);
    const { invariants } = await judge(operations);
    const isFound = invariants.some(
      ({ id, violationCount }) => (id === 'linearizable-stock' || id === 'no-phantom') && violationCount > 0,
    );
    const isRight = isLinearizable(operations, seenVersions(operations));
    expect(
      !isFound,
      `seed ${seed}: ${JSON.stringify(
        operations.map(({ id, op, start, end, outcome, version, value }) => [
          id,
          op,
          start,
          end,
          outcome,
          version,
          value,
        ]),
        null,
        0,
      )}`,
    ).toBe(isRight);
    verdicts[isRight ? 'right' : 'wrong'] += 1;
  }
  // Both kinds were there to be told apart.
  expect(Math.min(verdicts.right, verdicts.wrong)).toBeGreaterThan(HISTORIES / 5);
});
