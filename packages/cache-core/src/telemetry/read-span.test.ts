import { expect, test } from 'vitest';
import { Telemetry } from '../../test/active-span.ts';
import { traceNotKept } from './read-span.ts';

const SPAN = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331', traceFlags: 1 };

test.each([
  ['an invalidation came while it was loaded', true, true, 'dirty'],
  ['nothing proves that it is fresh', false, false, 'lease-expired'],
] as const)('a value is not kept: %s', (_why, dirty, leased, reason) => {
  const told = Telemetry.install().activate(SPAN);
  traceNotKept(dirty, () => leased);
  expect(told).toEqual({ 'freshet.not_kept': JSON.stringify({ 'freshet.reason': reason }) });
});

test('what is kept is not told, and nobody is told who does not record', () => {
  const telemetry = Telemetry.install();
  const kept = telemetry.activate(SPAN);
  traceNotKept(false, () => true);
  const unseen = telemetry.activate(SPAN, false);
  traceNotKept(true, () => {
    throw new Error('Not asked.');
  });
  expect([kept, unseen]).toEqual([{}, {}]);
});
