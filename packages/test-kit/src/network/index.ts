// Without Vitest: for programs that break networks and are no tests.
export {
  type FaultProxy,
  type FaultProxyStats,
  type FaultProxyTarget,
  openFaultProxy,
} from './fault-proxy.ts';
export type { Direction } from './network-faults.ts';
