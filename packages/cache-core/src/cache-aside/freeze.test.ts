import { expect, test, vi } from 'vitest';
import { frozen } from './freeze.ts';

test('a shared value cannot be changed, at any depth', () => {
  const value = frozen({ list: [{ count: 1 }], empty: null });
  expect(() => value.list.push({ count: 2 })).toThrow(TypeError);
  expect(() => Object.assign(value.list[0] ?? {}, { count: 2 })).toThrow(TypeError);
  expect(() => Object.assign(value, { other: 1 })).toThrow(TypeError);
  expect(value).toEqual({ list: [{ count: 1 }], empty: null });
});

test.each([[null], [undefined], ['text'], [7]])('%s is what it is', (value) => {
  expect(frozen(value)).toBe(value);
});

test('what refers to itself is frozen too', () => {
  const value: { self?: unknown } = {};
  value.self = value;
  expect(Object.isFrozen(frozen(value))).toBe(true);
});

test('in production nothing is walked through', async () => {
  vi.stubEnv('NODE_ENV', 'production');
  vi.resetModules();
  const production = await import('./freeze.ts');
  vi.unstubAllEnvs();
  expect(Object.isFrozen(production.frozen({}))).toBe(false);
});
