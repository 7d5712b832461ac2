import { withDrift } from '@freshet/cache-core/protocol';
import { expect } from 'vitest';
import { Blesser, type BlesserDependencies } from '../src/blessing/blesser.ts';
import { PostgresBlessingStore } from '../src/blessing/postgres-blessing-store.ts';
import { scanKeys } from '../src/domain/redis-link.ts';
import { noFaults } from '../src/faults/faults.ts';
import { type ManualClock, manualClock } from './manual-clock.ts';
import { LIMITS, type RelayFixture } from './relay-fixture.ts';

export const WAIT_MS = withDrift(Math.max(LIMITS.maxStalenessMs, LIMITS.strongTransactionMs));

type Options = Partial<Pick<BlesserDependencies, 'redis' | 'store' | 'self' | 'limits' | 'faults'>> & {
  clock?: ManualClock;
};

export function linkOf({
  protocol,
  redis,
}: Pick<RelayFixture, 'protocol' | 'redis'>): BlesserDependencies['redis'] {
  return { protocol, scan: (prefix) => scanKeys(redis, prefix) };
}

/** A relay's watch over the blessing, looked at by hand, on a clock that the test moves. */
export function blesserOn(fixture: RelayFixture, options: Options = {}) {
  return new Blesser({
    store: new PostgresBlessingStore(fixture.db),
    redis: linkOf(fixture),
    clock: manualClock(),
    faults: noFaults,
    limits: LIMITS,
    self: 'relay-a',
    onRecorded: () => {},
    ...options,
  });
}

export async function blessFirst(fixture: RelayFixture): Promise<void> {
  await expect(blesserOn(fixture).watch()).resolves.toMatchObject({ do: 'blessed', number: 1 });
}
