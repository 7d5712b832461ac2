import type { Exemption } from '../contract.ts';

/** What the protocol does not promise, by name: see 'What is promised' in the coherence protocol. */
export const exemptions: readonly Exemption[] = [
  {
    name: 'FLUSHALL takes fences away: strong reads are not promised for one lease after it',
    invariant: 'linearizable-stock',
    fault: 'redis-flushed',
    forMs: 1_600,
  },
];
