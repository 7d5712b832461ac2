import { type Fault, families, faults } from '../faults/index.ts';
import type { Options } from '../options.ts';
import { Random } from '../random.ts';

/** What is done to a system at the same time; nothing: peace. */
export interface PlannedRun {
  readonly faults: readonly Fault[];
  readonly seed: number;
}

/** Of each kind of trouble one, and those that take long left out. */
const IN_CI = [
  'relay-dies-after-drop',
  'writer-dies-after-commit',
  'replica-cut-off',
  'all-relays-frozen',
  'redis-restarts-empty',
  'commit-answers-lost',
];

/** @throws for a name that is not in the list */
export function planRuns(options: Pick<Options, 'faults' | 'pairs' | 'seed' | 'ci'>): PlannedRun[] {
  const { seed } = options;
  const named = options.ci ? IN_CI : options.faults;
  const single = named.length === 0 ? faults : named.map(faultNamed);
  const sets = [
    ...(named.length === 0 ? [[]] : []),
    ...single.map((fault) => [fault]),
    ...pairs(options.pairs, new Random(seed)),
  ];
  return sets.map((set, index) => ({ faults: set, seed: seed + index }));
}

/** @throws for a name that is not in the list */
export function faultNamed(name: string): Fault {
  const fault = faults.find((one) => one.name === name);
  if (fault === undefined) throw new Error(`There is no fault '${name}': see --list.`);
  return fault;
}

/** Whether the cache has to be a Sentinel group. */
export function needsSentinel(set: readonly Fault[]): boolean {
  return set.some(({ needs }) => needs.includes('sentinel'));
}

function pairs(count: number, random: Random): Fault[][] {
  const drawn: Fault[][] = [];
  while (drawn.length < count) {
    const family = random.pick(families);
    const other = random.pick(families.filter((one) => one !== family));
    const pair = [random.pick(family), random.pick(other)];
    if (arePossible(pair)) drawn.push(pair);
  }
  return drawn;
}

/** On one system. */
function arePossible(set: readonly Fault[]): boolean {
  return !(needsSentinel(set) && set.some(({ needs }) => needs.includes('lone-redis')));
}
