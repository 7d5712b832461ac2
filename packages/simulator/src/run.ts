import { checkBounded, checkLinearizable } from './checkers/check-reads.ts';
import { entriesOf, isUpToDate, watchRelays } from './checkers/watch-relays.ts';
import { Clients } from './clients.ts';
import { type Record, Timeline, type Violation } from './history.ts';
import { KEYS, type Plan } from './plan.ts';
import type { Table } from './postgres/postgres-server.ts';
import { applyFault } from './world/faults.ts';
import { Hosts } from './world/hosts.ts';
import type { Trace } from './world/redis-connection.ts';
import { World } from './world/world.ts';

/** Of virtual time, after the last fault: then everything has to be well again. */
const RECOVERY_MS = 40_000;
/** FLUSHALL takes fences away: readers with a lease may remember an old value, until that lease has run out. */
const FLUSH_EXEMPTION_MS = 1_600;
/** A row that was taken back is as one that was changed by SQL: strong readers hear of it within the bound. */
const REVERT_EXEMPTION_MS = 2_000;

export interface Outcome {
  violations: Violation[];
  records: Record[];
  events: number;
  /** Reads answered by each layer. */
  layers: { l1: number; l2: number; origin: number };
}

/** Runs one schedule and judges it. */
export async function runPlan(
  plan: Plan,
  trace?: (now: number, ...what: Parameters<Trace>) => void,
): Promise<Outcome> {
  const world: World = new World(
    plan,
    trace === undefined ? undefined : (...what) => trace(world.scheduler.now, ...what),
  );
  const { scheduler, postgres } = world;
  const timeline = new Timeline();
  const violations: Violation[] = [];
  watchRelays(world, timeline, violations);
  const hosts = new Hosts(world);
  const clients = new Clients(world, hosts);
  plan.operations.forEach((operation, index) => {
    scheduler.at(operation.at, () => clients.perform(operation, index));
  });
  for (const fault of plan.faults)
    scheduler.at(fault.at, () => {
      world.trace?.('fault', fault.kind, [fault.target, fault.ms, fault.direction], '');
      applyFault(fault, world, hosts);
    });

  try {
    await scheduler.run(
      Math.max(plan.durationMs, ...[...plan.operations, ...plan.faults].map(({ at }) => at)) + 1,
    );
    await recover();
  } catch (error) {
    violations.push({
      rule: 'crash',
      message: error instanceof Error ? (error.stack ?? error.message) : String(error),
    });
  }
  const records = clients.records;
  violations.push(...checkBounded(records, timeline, plan.serve));
  violations.push(...exempt(checkLinearizable(records, timeline)));
  const layers = { l1: 0, l2: 0, origin: 0 };
  for (const { kind, answeredBy } of records) {
    if (kind === 'read' && answeredBy !== undefined) {
      layers[answeredBy === 'l1' || answeredBy === 'l2' ? answeredBy : 'origin']++;
    }
  }
  return { violations, records, events: scheduler.eventsRun, layers };

  /** Nothing fails any more: what was promised for quiet times has to come true. */
  async function recover(): Promise<void> {
    const settled = (): boolean => clients.records.every(({ outcome }) => outcome !== 'pending');
    const well = (): boolean => hosts.replicas.every(({ leased }) => leased);
    const blessed = (): boolean => isUpToDate(world, world.node.server);
    const drained = (): boolean => postgres.inspect().pendingOutbox().length === 0;
    await scheduler.run(Math.max(scheduler.now, world.troubleUntil) + 200);
    hosts.restartAll();
    const deadline = scheduler.now + RECOVERY_MS;
    while (scheduler.now < deadline && !(settled() && blessed() && well() && drained()))
      await scheduler.run(scheduler.now + 100);
    if (!settled()) {
      const pending = clients.records.filter(({ outcome }) => outcome === 'pending');
      violations.push({
        rule: 'no deadlock',
        message: `${pending.length} operations have not ended ${RECOVERY_MS} ms after the last fault`,
        ...(pending[0] === undefined ? {} : { record: pending[0] }),
      });
    }
    if (!drained())
      violations.push({
        rule: 'durable invalidation',
        message: 'committed changes are still not fanned out',
      });
    if (!well()) {
      const without = hosts.replicas.filter(({ leased }) => !leased);
      const states = without.map(({ process, cache }) => `${process.name}: ${cache.state().lease.reason}`);
      violations.push({ rule: 'recovery', message: `no freshness lease again: ${states.join(', ')}` });
    }
    // Everybody applies what was appended last.
    await scheduler.run(scheduler.now + 1_200);
    await checkQuiet();
  }

  async function checkQuiet(): Promise<void> {
    const pairs = (['item', 'stock'] as const).flatMap((table) => KEYS.map((key) => [table, key] as const));
    for (const [table, key] of pairs) {
      checkL2(table, key);
      for (const host of hosts.replicas) {
        // Twice: from wherever it comes, and from memory.
        for (let turn = 0; turn < 2; turn++) {
          let answer: { value: { n: number } | null; version: string } | undefined;
          (table === 'item' ? host.items : host.stock).read(key).then(
            (read) => {
              answer = read;
            },
            () => {},
          );
          await scheduler.run(scheduler.now + 5_000, () => answer !== undefined);
          const row = postgres.inspect().row(table, key);
          if (answer === undefined || (answer.value?.n ?? null) !== (row?.value ?? null)) {
            violations.push({
              rule: answer === undefined ? 'no deadlock' : 'stale after quiet',
              message: `${host.process.name} answers ${JSON.stringify(answer)} for ${table} ${key}, which is ${JSON.stringify(row)}`,
            });
          }
        }
      }
    }
    // What runs in the background ends by itself.
    await scheduler.run(scheduler.now + 5_000, () =>
      hosts.replicas.every(({ cache }) => cache.loadsUnderWay() === 0),
    );
    for (const { process, cache } of hosts.replicas) {
      const busy = cache.loadsUnderWay();
      if (busy > 0)
        violations.push({ rule: 'no leak', message: `${process.name} still has ${busy} loads under way` });
    }
  }

  function checkL2(table: Table, key: string): void {
    const row = postgres.inspect().row(table, key);
    for (const { physical, version, value } of entriesOf(world.node.server, table, key, world.validFrom)) {
      if (value === (row?.value ?? null) && (row === null || version === row.version)) continue;
      violations.push({
        rule: 'stale after quiet',
        message: `L2 holds ${value} in version ${version} under ${physical}; the row is ${JSON.stringify(row)}`,
      });
    }
  }

  function exempt(found: Violation[]): Violation[] {
    const isExempt = (record: Record, at: number, ms: number): boolean =>
      record.endedAt >= at && record.startedAt <= at + ms;
    return found.filter(
      ({ record }) =>
        record === undefined ||
        !(
          world.flushedAt.some((at) => isExempt(record, at, FLUSH_EXEMPTION_MS)) ||
          world.unfencedAt.some((at) => isExempt(record, at, REVERT_EXEMPTION_MS))
        ),
    );
  }
}
