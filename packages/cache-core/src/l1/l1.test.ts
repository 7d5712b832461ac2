import { describe, expect, test } from 'vitest';
import { MAX_VERSION } from '../keys/version.ts';
import { L1 } from './l1.ts';

const entryOf = (value: string | null, version: string) => ({
  value,
  version,
  since: 500,
  expiresAt: 1_000,
  refreshAt: 1_000,
});

const put = (l1: L1<string>, id: string, version = '1', bytes = 10): void =>
  l1.put(id, entryOf(`${id}@${version}`, version), bytes);

describe('L1', () => {
  test('hands out what was put there', async () => {
    const l1 = new L1<string>({ maxEntries: 10 });
    put(l1, 'a', '7');
    const entry = l1.get('a');
    expect(entry).toMatchObject({ value: 'a@7', version: '7', expiresAt: 1_000 });
    expect(await entry?.resolved).toBe('a@7');
    expect(l1.get('a')).toBe(entry);
    expect(l1.get('b')).toBeUndefined();
  });

  test('holds a bounded number of entries, and lets the least recently used go', () => {
    const l1 = new L1<string>({ maxEntries: 3 });
    for (const id of ['a', 'b', 'c']) put(l1, id);
    l1.get('a');
    put(l1, 'd');
    expect(l1.size).toBe(3);
    expect(['a', 'b', 'c', 'd'].map((id) => l1.get(id) !== undefined)).toEqual([true, false, true, true]);
  });

  test('holds a bounded number of bytes', () => {
    const l1 = new L1<string>({ maxEntries: 100, maxBytes: 100 });
    for (let index = 0; index < 20; index++) put(l1, `id-${index}`, '1', 30);
    expect(l1.size).toBe(3);
  });

  test('holds nothing that alone is beyond its bytes, and then not what it replaces either', () => {
    const l1 = new L1<string>({ maxEntries: 100, maxBytes: 100 });
    put(l1, 'a', '1', 10);
    put(l1, 'b', '1', 10);
    put(l1, 'a', '2', 101);
    expect(l1.get('a')).toBeUndefined();
    expect(l1.get('b')).toBeDefined();
  });

  test('counts an empty value as something', () => {
    const l1 = new L1<string>({ maxEntries: 100, maxBytes: 2 });
    for (const id of ['a', 'b', 'c']) put(l1, id, '1', 0);
    expect(l1.size).toBe(2);
  });

  test('keeps the newer of two values, in whatever order loads end', () => {
    const l1 = new L1<string>({ maxEntries: 10 });
    put(l1, 'a', '10');
    put(l1, 'a', '9');
    expect(l1.get('a')?.version).toBe('10');
    put(l1, 'a', '11');
    expect(l1.get('a')?.version).toBe('11');
  });

  test('takes a value without a version of its own for what it is: the latest known', () => {
    const l1 = new L1<string>({ maxEntries: 10 });
    put(l1, 'a', '10');
    l1.put('a', entryOf(null, '0'), 4);
    expect(l1.get('a')).toMatchObject({ value: null, version: '0' });
    put(l1, 'a', '5');
    expect(l1.get('a')?.version).toBe('5');
  });

  test.each([
    ['6', '7', true],
    ['7', '7', false],
    ['8', '7', false],
    ['9', '10', true],
    ['0', '1', true],
    ['9007199254740992', '9007199254740993', true],
    ['9007199254740993', '9007199254740992', false],
    [MAX_VERSION, MAX_VERSION, true],
  ])('of version %s and an invalidation of version %s: removed is %s', (held, version, removed) => {
    const l1 = new L1<string>({ maxEntries: 10 });
    put(l1, 'a', held);
    l1.removeOlder('a', version);
    expect(l1.get('a') === undefined).toBe(removed);
    l1.removeOlder('of nothing', version);
  });

  test('forgets one, or all', () => {
    const l1 = new L1<string>({ maxEntries: 10 });
    for (const id of ['a', 'b', 'c']) put(l1, id);
    l1.remove('a');
    expect(l1.size).toBe(2);
    l1.clear();
    expect(l1.size).toBe(0);
  });

  test('takes an id for nothing but an id', () => {
    const l1 = new L1<string>({ maxEntries: 10 });
    expect(['__proto__', 'constructor', 'toString'].map((id) => l1.get(id))).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    put(l1, '__proto__');
    expect(l1.get('__proto__')?.value).toBe('__proto__@1');
  });
});
