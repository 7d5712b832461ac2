import type { Layer, WindowName } from '../api/contract.ts';

export const layers: readonly { layer: Layer; name: string; short: string }[] = [
  { layer: 'l1', name: 'Memory (L1)', short: 'Memory' },
  { layer: 'l2', name: 'Redis (L2)', short: 'Redis' },
];

export const windows: readonly { window: WindowName; name: string }[] = [
  { window: '1m', name: '1 min' },
  { window: '5m', name: '5 min' },
  { window: '1h', name: '1 h' },
];
