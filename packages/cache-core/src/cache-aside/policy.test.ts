import { describe, expect, test } from 'vitest';
import { compileTimings } from '../options.ts';
import { ttl } from '../ttl/ttl.ts';
import { compilePolicy, type Policy, type PolicyOptions } from './policy.ts';

type Options = PolicyOptions<unknown>;

const timings = compileTimings({});
const load: Options['load'] = async () => null;
const compile = (changed: Partial<Options> = {}, strong = false): Policy<unknown> =>
  compilePolicy({ entity: 'item', ttl: ttl.profile, maxStaleness: 2_000, load, ...changed }, strong, timings);

test('the defaults are the safe ones', () => {
  expect(compile()).toMatchObject({
    entity: 'item',
    schemaVersion: 1,
    ttlMs: 900_000,
    maxStalenessMs: 2_000,
    bypassWhenUnproven: true,
    negativeTtlMs: 30_000,
    strong: false,
    refreshAhead: 0,
    staleIfErrorMs: 0,
  });
  expect(compile({ maxStaleness: 'ttl', whenUnproven: 'serve' })).toMatchObject({
    maxStalenessMs: null,
    bypassWhenUnproven: false,
  });
});

describe('a mistake is refused at the start', () => {
  test.each<[string, Partial<Options>]>([
    ['a name that is none', { entity: 'Item' }],
    ['a name that separates', { entity: 'a:b' }],
    ['a name that is a schema version', { entity: 'v2' }],
    ['schema version 0', { schemaVersion: 0 }],
    ['half a schema version', { schemaVersion: 1.5 }],
    ['a bound no longer than a renewal and two ticks', { maxStaleness: 700 }],
    ['an endless bound', { maxStaleness: Number.POSITIVE_INFINITY }],
    ['a bound that is no number', { maxStaleness: Number.NaN }],
    ['a negative TTL of nothing', { negativeTtl: 0 }],
    ['a negative TTL longer than the TTL', { negativeTtl: 900_001 }],
    ['a negative TTL that is no number', { negativeTtl: Number.NaN }],
    ['a refresh after the expiry', { refreshAhead: -1 }],
    ['an endless refresh', { refreshAhead: Number.POSITIVE_INFINITY }],
    ['a value that is served for ever on errors', { staleIfError: Number.POSITIVE_INFINITY }],
    ['a value that is served for more than a day past its TTL', { staleIfError: 86_400_001 }],
    ['half a millisecond past the TTL', { staleIfError: 0.5 }],
    ['less than nothing past the TTL', { staleIfError: -1 }],
  ])('%s', (_, changed) => {
    expect(() => compile(changed)).toThrow(
      expect.objectContaining({ code: 'FRESHET_INVALID_OPTIONS', retryable: false }),
    );
  });

  test('no TTL, though the types forbid that', () => {
    const { ttl: _, ...without } = { entity: 'item', ttl: ttl.profile, maxStaleness: 2_000, load };
    expect(() => compilePolicy(without as Options, false, timings)).toThrow(
      expect.objectContaining({ code: 'FRESHET_INVALID_OPTIONS' }),
    );
  });

  test.each<[string, Partial<Options>]>([
    ['fresh to its TTL only', { maxStaleness: 'ttl' }],
    ['served while unproven', { whenUnproven: 'serve' }],
  ])('a strong entity that is %s', (_, changed) => {
    expect(() => compile(changed, true)).toThrow(
      expect.objectContaining({ code: 'FRESHET_INVALID_OPTIONS' }),
    );
    expect(() => compile(changed, false)).not.toThrow();
  });
});
