import { type SourcePatch, mutants as simulated } from '@freshet/simulator/mutants';
import type { InvariantId } from '../contract.ts';

/** A safeguard that is left out of the running system, and the fault that should show it. */
export interface PlantedBug {
  readonly patch: SourcePatch;
  /** The rule that is broken, in the words of the protocol. */
  readonly rule: string;
  /** It must show in one of these; anything else that is broken is no find. */
  readonly breaks: readonly InvariantId[];
  /** By name, all at once; none: the load alone shows it. */
  readonly faults: readonly string[];
}

const RELAY = 'services/invalidation-relay/src';

export const mutants: readonly PlantedBug[] = [
  fromSimulator('lease-never-expires', ['no-unproven-l1', 'bounded-staleness'], 'all-relays-frozen'),
  fromSimulator('watermark-age-ignored', ['bounded-staleness'], 'all-relays-frozen'),
  fromSimulator('watermark-ignores-pending', ['bounded-staleness'], 'relay-frozen-in-a-batch'),
  fromSimulator('lease-before-entries', ['bounded-staleness', 'linearizable-stock']),
  fromSimulator('no-fence', ['linearizable-stock'], 'redis-slow-for-a-replica'),
  fromSimulator('no-barrier', ['linearizable-stock'], 'redis-slow-for-a-replica'),
  fromSimulator('minimum-version-ignored', ['session-order'], 'redis-slow-for-a-replica'),
  fromSimulator(
    'reset-does-not-flush',
    ['bounded-staleness', 'linearizable-stock', 'quiet-caches-equal-postgres'],
    'redis-restarts-empty',
  ),
  {
    patch: {
      name: 'missed-changes-not-redropped',
      file: `${RELAY}/blessing/redrop.ts`,
      edits: [
        [
          'for (let start = 0; start < drops.length; start += DROPS_AT_ONCE) {',
          'for (let start = drops.length; start < drops.length; start += DROPS_AT_ONCE) {',
        ],
      ],
    },
    rule: 're-DROP what a new primary may have missed',
    breaks: ['bounded-staleness', 'linearizable-stock', 'quiet-caches-equal-postgres'],
    faults: ['primary-killed'],
  },
  {
    patch: {
      name: 'one-schema-version-dropped',
      file: `${RELAY}/fan-out/fan-out-plan.ts`,
      edits: [
        [
          'schemaVersions.get(`${row.service}:${row.entity}`) ?? []',
          'schemaVersions.get(`${row.service}:${row.entity}`)?.slice(0, 1) ?? []',
        ],
      ],
    },
    rule: 'DROP every schema version of each key',
    breaks: ['bounded-staleness', 'quiet-caches-equal-postgres'],
    faults: ['rolling-deploy'],
  },
  {
    patch: {
      name: 'failed-batch-marked',
      file: `${RELAY}/drain/drain.ts`,
      edits: [
        [
          "      return { kind: 'failed', dead, traceparent, ...(await this.#postpone(batch, rows, asError(error))) };\n",
          '      fannedOut = { lastLogId: `${blessing.number}-0`, droppedAt: 0, appendedAt: 0 };\n',
        ],
      ],
    },
    rule: 'a row is marked only after its DROP and APPEND',
    breaks: ['bounded-staleness', 'quiet-caches-equal-postgres'],
    faults: ['redis-connections-killed'],
  },
  {
    patch: {
      name: 'stock-checked-without-lock',
      file: 'services/inventory-service/src/stock/repository.ts',
      edits: [['    .forUpdate()\n', '']],
    },
    rule: 'row lock, check and update of a reservation are one',
    breaks: ['no-oversell'],
    faults: [],
  },
];

function fromSimulator(name: string, breaks: readonly InvariantId[], ...faults: string[]): PlantedBug {
  const mutant = simulated.find((one) => one.name === name);
  if (mutant === undefined) throw new Error(`The simulator has no mutant ${name}.`);
  return { patch: mutant, rule: mutant.rule, breaks, faults };
}
