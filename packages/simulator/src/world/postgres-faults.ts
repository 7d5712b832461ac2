import type { Reverted } from '../history.ts';
import { type Fault, KEYS } from '../plan.ts';
import { Random } from './random.ts';
import type { World } from './world.ts';

/** Postgres logs a sequence so many numbers ahead. */
const LOGGED_AHEAD = 32;

/**
 * - `postgres-restart`: it crashes, and comes back with all that was committed.
 * - `postgres-failover`: a standby takes its place that has lagged behind for `ms`; 0: a synchronous one, or a switchover.
 * - `postgres-restore`: a copy takes its place that was made `ms` before, sequences and all.
 */
export function applyPostgresFault(
  { kind, at, ms = 0 }: Fault & { kind: 'postgres-restart' | 'postgres-failover' | 'postgres-restore' },
  world: World,
): void {
  const random = new Random(world.plan.seed, `fault ${kind} ${at}`);
  const downMs = random.pick([5, 60, 400]) * random.between(0.5, 1.5);
  const ahead = random.chance(0.3) ? random.integer(0, LOGGED_AHEAD) : 0;
  if (kind === 'postgres-restart') {
    restart(world, downMs, { skipped: ahead });
    return;
  }
  const data = world.postgres.snapshot();
  // As Postgres counts timelines: by those that it knows. Two copies of one server may get the same.
  const origin = world.postgres.origin.replace(/\d+$/, (timeline) => String(Number(timeline) + 1));
  world.troubleFor(ms + downMs);
  world.scheduler.after(ms, () => {
    restart(world, downMs, {
      data: ms === 0 ? world.postgres.snapshot() : data,
      origin,
      skipped: kind === 'postgres-restore' ? 0 : ahead,
    });
    world.postgresClockOffset = Math.round(random.between(-300, 300));
  });
}

function restart(
  world: World,
  downMs: number,
  comesBack: Parameters<World['postgres']['comeBack']>[0],
): void {
  const { postgres, scheduler } = world;
  if (!postgres.isUp) return;
  const before = rowsOf(world);
  const pending = new Set(
    postgres
      .inspect()
      .pendingOutbox()
      .map(({ id }) => id),
  );
  const newestBlessing = postgres.inspect().newestBlessing()?.number ?? 0;
  const at = scheduler.now;
  postgres.die();
  world.trace?.('postgres', 'DIES', [], '');
  for (const clients of world.postgresClients.values()) for (const client of clients) client.cut();
  world.troubleFor(downMs);
  scheduler.after(downMs, () => {
    postgres.comeBack(comesBack);
    world.trace?.('postgres', 'COMES BACK', [postgres.origin], '');
    const rows = rowsOf(world).filter((row, index) => {
      const was = before[index];
      return row.value !== was?.value || row.version !== was.version;
    });
    const pendingAgain = postgres
      .inspect()
      .pendingOutbox()
      .flatMap(({ id }) => (pending.has(id) ? [] : [id]));
    world.onRevert({ at, rows, newestBlessing, pendingAgain });
  });
}

function rowsOf({ postgres }: World): Reverted['rows'] {
  return (['item', 'stock'] as const).flatMap((table) =>
    KEYS.map((id) => {
      const row = postgres.inspect().row(table, id);
      return { table, id, value: row?.value ?? null, version: row?.version ?? '0' };
    }),
  );
}
