import { type SourcePatch, mutants as simulated } from '@freshet/simulator/mutants';

/** A safeguard that is left out of the running system, and the fault that should show it. */
export interface PlantedBug {
  readonly patch: SourcePatch;
  /** The rule that is broken, in the words of the protocol. */
  readonly rule: string;
  /** By name; none: the load alone shows it. */
  readonly faults: readonly string[];
}

export const mutants: readonly PlantedBug[] = [
  fromSimulator('lease-never-expires', 'replica-cut-off'),
  fromSimulator('watermark-age-ignored', 'all-relays-frozen'),
  fromSimulator('watermark-ignores-pending', 'relay-frozen-in-a-batch'),
  fromSimulator('lease-before-entries', 'redis-slow-for-a-replica'),
  fromSimulator('no-fence', 'redis-slow-for-a-replica'),
  fromSimulator('no-barrier', 'redis-slow-for-a-replica'),
  fromSimulator('minimum-version-ignored', 'redis-slow-for-a-replica'),
  fromSimulator('dirty-load-enters-l1', 'postgres-slow'),
  fromSimulator('reset-does-not-flush', 'redis-restarts-empty'),
];

function fromSimulator(name: string, ...faults: string[]): PlantedBug {
  const mutant = simulated.find((one) => one.name === name);
  if (mutant === undefined) throw new Error(`The simulator has no mutant ${name}.`);
  return { patch: mutant, rule: mutant.rule, faults };
}
