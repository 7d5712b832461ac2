import { describe, expect, test } from 'vitest';
import { eventually } from './eventually.ts';

describe('eventually', () => {
  test('returns the first truthy value', async () => {
    const answers = [null, false, 0, '', 'done', 'too far'];
    expect(await eventually(() => answers.shift() ?? null, { what: 'an answer' })).toBe('done');
  });

  test('waits for assertions that pass', async () => {
    let calls = 0;
    await eventually(
      async () => {
        calls += 1;
        expect(calls).toBe(3);
      },
      { what: 'three calls' },
    );
    expect(calls).toBe(3);
  });

  test('says what was waited for, and the last failure', async () => {
    const check = () => {
      throw new Error('connection refused');
    };
    await expect(eventually(check, { what: 'the server answers', deadlineMs: 30 })).rejects.toThrow(
      'Within 30 ms this has not happened: the server answers. The last check failed: connection refused',
    );
  });

  test('says what the last check returned', async () => {
    await expect(eventually(() => false, { what: 'truth', deadlineMs: 5 })).rejects.toThrow(
      'The last check returned false.',
    );
  });

  test('gives up on a check that hangs', async () => {
    const hangs = () => new Promise<boolean>(() => {});
    await expect(eventually(hangs, { what: 'an end', deadlineMs: 30 })).rejects.toThrow(
      'The last check did not finish.',
    );
  });

  test('a last check that the deadline cut short hides no failure', async () => {
    let calls = 0;
    const check = () => {
      if (++calls === 1) throw new Error('connection refused');
      return new Promise<boolean>(() => {});
    };
    await expect(eventually(check, { what: 'an end', deadlineMs: 30 })).rejects.toThrow(
      'The last check did not finish; the one before failed: connection refused',
    );
  });

  test('a check that may return undefined, and so would pass unseen, is refused by the type', async () => {
    const numbers = [1, 2, 3];
    // @ts-expect-error -- find may return undefined
    await eventually(() => numbers.find((number) => number === 4), { what: 'a four' });
    expect(await eventually(() => numbers.find((number) => number === 3) ?? null, { what: 'a three' })).toBe(
      3,
    );
  });
});
