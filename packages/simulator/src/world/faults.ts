import type { Fault } from '../plan.ts';
import type { Hosts } from './hosts.ts';
import { applyPostgresFault } from './postgres-faults.ts';
import { Random } from './random.ts';
import type { World } from './world.ts';

/** Makes one fault of the plan happen, now. */
export function applyFault(fault: Fault, world: World, hosts: Hosts): void {
  const { scheduler, plan } = world;
  const random = new Random(plan.seed, `fault ${fault.kind} ${fault.at}`);
  const { target = '', ms = 0 } = fault;
  const process = hosts.process(target);
  const connection = world.connections.get(target);
  world.troubleFor(ms);
  switch (fault.kind) {
    case 'kill':
      process?.kill();
      scheduler.after(ms, () => hosts.restart(target));
      return;
    case 'pause':
      process?.pause(ms);
      return;
    case 'suspend':
      process?.suspend(ms);
      return;
    case 'step-clock':
      process?.stepWallClock(ms);
      return;
    case 'fail-loads':
      hosts.replica(Number(target.split('-')[1]))?.failLoads(ms);
      return;
    case 'slow-loads':
      hosts.replica(Number(target.split('-')[1]))?.slowLoads(ms);
      return;
    case 'cut-redis':
      connection?.cut();
      return;
    case 'stall-redis':
      connection?.stall(fault.direction ?? 'toClient', ms);
      return;
    case 'cut-postgres':
      for (const client of world.postgresClients.get(target) ?? []) client.cut();
      return;
    case 'stall-postgres':
      for (const client of world.postgresClients.get(target) ?? []) client.stall(ms);
      return;
    case 'lose-doorbells':
      world.loseDoorbells(ms);
      return;
    case 'queue-down':
      world.queueDownUntil = scheduler.now + ms;
      return;
    case 'redis-restart-empty':
      restartRedis(world, ms);
      return;
    case 'redis-restart-snapshot': {
      const old = world.node.server.snapshot();
      scheduler.after(ms, () => restartRedis(world, 50, old));
      return;
    }
    case 'redis-failover':
      failOver(world, ms, random);
      return;
    case 'redis-forgotten-primary':
      failOver(world, ms, random, { forgotten: true });
      return;
    case 'redis-pause':
      world.node.pausedUntil = scheduler.now + ms;
      return;
    case 'lead-astray': {
      const follower = world.follower(world.node.server.snapshot());
      scheduler.after(ms, () => connection?.leadTo(follower));
      scheduler.after(ms + random.between(50, 600), () => connection?.leadTo(null));
      return;
    }
    case 'flush-all':
      world.flushedAt.push(scheduler.now);
      world.node.server.flushAll();
      return;
    case 'evict':
      for (const key of world.node.server.evictable()) {
        if (key.endsWith(`:${target}`)) world.node.server.remove(key);
      }
      return;
    case 'short-of-memory':
      evictSteadily(world, scheduler.now + ms, random);
      return;
    case 'trim-log':
      world.node.server.trimLog(ms);
      return;
    case 'garbage':
      leaveGarbage(world, target, random);
      return;
    case 'shut-down':
      hosts.shutDown(target);
      scheduler.after(ms, () => hosts.restart(target));
      return;
    case 'short-log':
      world.shortLogUntil = scheduler.now + ms;
      return;
    case 'repeat-commands':
      world.repeatedUntil = scheduler.now + ms;
      return;
    case 'postgres-restart':
    case 'postgres-failover':
    case 'postgres-restore':
      applyPostgresFault({ ...fault, kind: fault.kind }, world);
      return;
    case 'new-schema-version':
      hosts.deploy(2);
      return;
    case 'hidden-dead-relays':
      hosts.killRelays();
      // A step in the dark, while the server is frozen, is beyond what is assumed: nobody can see it.
      if (world.node.pausedUntil <= scheduler.now) world.stepRedisClock(-ms);
      scheduler.after(ms, () => hosts.restartAll());
  }
}

/** Of another release, of a hand, or of a value that was cut short. */
const GARBAGE = [
  'hello',
  '{"v":"1","b":1,"at":1,"ttl":100',
  '{"v":"1","b":-1,"at":1,"ttl":100,"cost":1,"d":{"n":1}}',
  '{"v":"one","b":9e15,"at":1,"ttl":100,"cost":1,"d":{"n":1}}',
  '{"v":"1","b":9007199254740991,"at":1,"ttl":100,"cost":1}',
];

function leaveGarbage({ node: { server } }: World, key: string, random: Random): void {
  if (random.chance(0.3)) server.appendUnknown();
  else
    for (const table of ['item', 'stock'])
      if (server.get(`sim:${table}:${key}`)?.startsWith('{"fence"') !== true)
        server.set(`sim:${table}:${key}`, random.pick(GARBAGE), 60_000);
}

function evictSteadily(world: World, until: number, random: Random): void {
  const { scheduler, node } = world;
  if (scheduler.now >= until) return;
  const keys = node.server.evictable();
  if (keys.length > 0) node.server.remove(random.pick(keys));
  scheduler.after(random.between(1, 40), () => evictSteadily(world, until, random));
}

/** The process dies, its connections with it, and one with other data comes up at its address. */
function restartRedis(
  world: World,
  downMs: number,
  data?: ReturnType<World['node']['server']['snapshot']>,
): void {
  const { node } = world;
  node.up = false;
  for (const connection of world.connections.values()) if (connection.node === node) connection.cut();
  world.scheduler.after(downMs, () => {
    node.server.restart(data);
    node.up = true;
  });
}

/**
 * A replica that has lagged behind for `lagMs` is promoted, while the old primary goes on serving whoever has not
 * heard of it: each process's connections are closed at a moment of its own, the last when the old primary is demoted.
 */
function failOver(world: World, lagMs: number, random: Random, { forgotten = false } = {}): void {
  const lag = Math.min(lagMs, 800);
  const old = world.node;
  const data = old.server.snapshot();
  const splitMs = random.pick([0, 30, 400, 3_000]);
  world.troubleFor(lag + splitMs + 2);
  world.scheduler.after(lag, () => {
    if (world.node !== old) return;
    const promoted = world.addNode();
    promoted.server.restart(data);
    for (const [name, connection] of world.connections) {
      // Some relay finds the new primary; the replicas have to find out by themselves.
      if (forgotten && !name.startsWith('relay')) continue;
      world.scheduler.after(random.between(0, splitMs), () => {
        if (connection.node === old) connection.cut();
      });
    }
    if (forgotten) return;
    world.scheduler.after(splitMs + 1, () => {
      old.up = false;
      old.server.demote();
      for (const connection of world.connections.values()) if (connection.node === old) connection.cut();
    });
  });
}
