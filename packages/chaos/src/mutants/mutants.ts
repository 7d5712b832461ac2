import { type SourcePatch, mutants as simulated } from '@freshet/simulator/mutants';

/** A safeguard that is left out of the running system, and the fault that should show it. */
export interface PlantedBug {
  readonly patch: SourcePatch;
  /** The rule that is broken, in the words of the protocol. */
  readonly rule: string;
  /** By name, all at once; none: the load alone shows it. */
  readonly faults: readonly string[];
}

const RELAY = 'services/invalidation-relay/src';

export const mutants: readonly PlantedBug[] = [
  fromSimulator('lease-never-expires', 'replica-cut-off'),
  fromSimulator('watermark-age-ignored', 'all-relays-frozen'),
  fromSimulator('watermark-ignores-pending', 'relay-frozen-in-a-batch'),
  fromSimulator('lease-before-entries'),
  fromSimulator('no-fence', 'redis-slow-for-a-replica'),
  fromSimulator('no-barrier', 'redis-slow-for-a-replica'),
  fromSimulator('minimum-version-ignored', 'redis-slow-for-a-replica'),
  fromSimulator('reset-does-not-flush', 'redis-restarts-empty'),
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
    faults: ['redis-connections-killed'],
  },
  {
    patch: {
      name: 'stock-checked-without-lock',
      file: 'services/inventory-service/src/stock/repository.ts',
      edits: [['    .forUpdate()\n', '']],
    },
    rule: 'row lock, check and update of a reservation are one',
    faults: [],
  },
];

function fromSimulator(name: string, ...faults: string[]): PlantedBug {
  const mutant = simulated.find((one) => one.name === name);
  if (mutant === undefined) throw new Error(`The simulator has no mutant ${name}.`);
  return { patch: mutant, rule: mutant.rule, faults };
}
