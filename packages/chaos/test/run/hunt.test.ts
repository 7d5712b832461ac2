import { expect, test } from 'vitest';
import { mutants } from '../../src/mutants/mutants.ts';
import { shows } from '../../src/run/hunt.ts';
import { judge, operation } from '../checker/operation.ts';

const stale = [
  operation(1, { op: 'create', start: 0, end: 10, version: '10', value: 'a' }),
  operation(2, { op: 'patch', start: 20, end: 30, version: '20', value: 'b' }),
  operation(3, { op: 'read', start: 3_000, end: 3_001, version: '10', value: 'a' }),
];

test('a planted bug is found by what it must break, and by nothing else', async () => {
  const verdict = await judge(stale);
  const finders = mutants.filter((bug) => shows(bug, verdict)).map(({ patch }) => patch.name);
  expect(finders).toContain('watermark-age-ignored');
  expect(finders).not.toContain('minimum-version-ignored');
  expect(finders).not.toContain('stock-checked-without-lock');
});
