import { clockFaults } from './clock.ts';
import { commitUnknown } from './commit-unknown.ts';
import { crashPoints } from './crash-points.ts';
import { eventLoopFaults } from './event-loop.ts';
import type { Fault } from './fault.ts';
import { freezes } from './freeze.ts';
import { kills } from './kill.ts';
import { linkFaults } from './links.ts';
import { postgresFaults } from './postgres.ts';
import { queueFaults } from './queue.ts';
import { redisConnectionFaults } from './redis-connections.ts';
import { redisMemoryFaults } from './redis-memory.ts';
import { rollouts } from './rollout.ts';
import { sentinelFaults } from './sentinel.ts';

export type { Fault, FaultContext, Injected } from './fault.ts';

/** Faults of one family get into each other's way; those of two families may happen at once. */
export const families: readonly (readonly Fault[])[] = [
  kills,
  freezes,
  crashPoints,
  redisConnectionFaults,
  linkFaults,
  redisMemoryFaults,
  postgresFaults,
  commitUnknown,
  queueFaults,
  eventLoopFaults,
  clockFaults,
  rollouts,
  sentinelFaults,
];

export const faults: readonly Fault[] = families.flat();
