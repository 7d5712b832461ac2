import type { InvariantId } from '../contract.ts';

/** What each invariant says, in the order of the matrix. */
export const invariants: Readonly<Record<InvariantId, { readonly short: string; readonly about: string }>> = {
  'bounded-staleness': {
    short: 'bounded',
    about:
      'no answer had been overwritten for more than 2 s when it was asked for, from whichever layer it came',
  },
  'linearizable-stock': {
    short: 'linearizable',
    about: 'reads and writes of stock have one order that respects real time, over all replicas',
  },
  'session-order': {
    short: 'session',
    about: 'who asks for at least a version gets it or a later one',
  },
  'no-oversell': {
    short: 'no oversell',
    about: 'each reservation took its units from what was there, once',
  },
  'no-lost-write': {
    short: 'no lost write',
    about: 'in the end Postgres holds no state older than any write that was answered',
  },
  'no-phantom': {
    short: 'no phantom',
    about: 'what is read was written, once, before the answer; what was refused left nothing',
  },
  'quiet-caches-equal-postgres': {
    short: 'quiet',
    about: 'after 5 s of quiet each L1 and L2 holds what Postgres holds, for every key',
  },
  'no-unproven-l1': {
    short: 'unproven L1',
    about: 'a replica that is cut off does not answer from memory for more than 2 s',
  },
  'l1-share': {
    short: 'L1 in use',
    about:
      'before and after the fault each replica answers from memory, so that nothing holds because the cache is off',
  },
  availability: {
    short: 'available',
    about:
      'before and after the fault at most 1 % of what is asked is not answered well, on a machine that does other things too',
  },
  readiness: {
    short: 'ready',
    about: 'every process is ready again within 30 s after the fault was taken back',
  },
  levels: {
    short: 'levels',
    about: 'memory, connections and timers come back to where they were',
  },
  'dead-letters': {
    short: 'dead letters',
    about: 'no dead letter without a reason, and no invalidation that still waits',
  },
};
