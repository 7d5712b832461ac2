import { limits } from '@freshet/cache-core/protocol';
import { eventually, type TestRedis } from '@freshet/test-kit';
import { expect, test } from 'vitest';
import { FailoverShop, IDS, QUIET_ID, type Replica, TABLES } from './failover/failover-shop.ts';
import { staleReads } from './failover/recorded.ts';
import { isHonest, Traffic } from './failover/traffic.ts';

const TIMEOUT_MS = 90_000;

interface Scene {
  shop: FailoverShop;
  replicas: readonly [Replica, Replica];
  traffic: Traffic;
  primary: TestRedis;
}

/** Two replicas and two relays under traffic, everything warm. */
async function scene(options: Parameters<typeof FailoverShop.open>[0] = {}): Promise<Scene> {
  const shop = await FailoverShop.open(options);
  shop.startRelay('relay-1');
  shop.startRelay('relay-2');
  const replicas = [await shop.startReplica('replica-1'), await shop.startReplica('replica-2')] as const;
  await shop.untilBlessedAfter(0);
  await shop.untilLeased(replicas);
  const traffic = await Traffic.over(shop);
  for (const replica of replicas) traffic.at(replica);
  traffic.bySql();
  await eventually(
    () => TABLES.every((table) => traffic.records.some((one) => one.table === table && one.layer === 'l1')),
    { what: 'both tables are served from memory' },
  );
  return { shop, replicas, traffic, primary: await shop.group.primary() };
}

/** No promise was broken, and all is well again. */
async function expectWell({ shop, replicas, traffic }: Scene): Promise<void> {
  await shop.untilLeased(replicas);
  const goOn = traffic.records.length;
  await eventually(
    () =>
      replicas.every(({ name }) =>
        traffic.records
          .slice(goOn)
          .some(
            (one) =>
              one.who === name && one.kind === 'write' && one.table === 'stock' && one.version !== null,
          ),
      ),
    { what: 'strong writes go on' },
  );
  await traffic.stop();
  expect(staleReads(traffic.records, limits.maxStalenessMs)).toEqual([]);
  expect(traffic.records.filter(({ kind, error }) => kind === 'read' && error !== undefined)).toEqual([]);
  expect(traffic.refused().filter((write) => !isHonest(write))).toEqual([]);
  await shop.untilDrained();
  await shop.untilLeased(replicas);
  const primary = await shop.group.primary();
  for (const table of TABLES) {
    for (const id of table === 'item' ? [...IDS, QUIET_ID] : IDS) {
      const version = await shop.versionOf(table, id);
      for (const replica of replicas) {
        await eventually(async () => (await replica[table].read(id)).version === version, {
          what: `${replica.name} knows ${table} ${id} as it is`,
        });
        expect((await replica[table].read(id)).version, 'from memory').toBe(version);
      }
      expect([null, version]).toContain(await shop.heldVersion(primary, table, id));
    }
  }
}

test('the primary is killed, with writes that no replica has', { timeout: TIMEOUT_MS }, async () => {
  const stage = await scene();
  const { shop, replicas, primary } = stage;
  const { version } = await replicas[0].item.read(QUIET_ID);
  expect(await shop.group.direct(primary).wait(2, 10_000), 'replicas that have the entry').toBe(2);
  await shop.group.holdReplication(primary);
  // All that is done from here on is lost: changes that are dropped, appended and marked, fences, fills.
  await shop.overwriteQuietItem();
  await primary.kill();
  const successor = await shop.group.successorOf(primary);
  expect(await shop.heldVersion(successor, 'item', QUIET_ID), 'the DROP is lost').toBe(version);
  await shop.untilBlessedAfter(1);
  await expectWell(stage);
  expect(await shop.keptL2()).toBe(true);
});

test('the primary hangs and wakes again, with a replica and a relay still on it', {
  timeout: TIMEOUT_MS,
}, async () => {
  const stage = await scene({ demoteAfterMs: 4_000 });
  const { shop, traffic, primary } = stage;
  shop.startRelay('relay-left-behind', primary);
  const leftBehind = await shop.startReplica('left-behind', primary);
  await shop.untilLeased([leftBehind]);
  traffic.at(leftBehind);
  await primary.kill('SIGSTOP');
  await shop.group.successorOf(primary);
  // Split brain, and the new blessing still waits: the old primary takes itself for one, and grants a lease to whoever asks.
  await primary.kill('SIGCONT');
  const woken = traffic.records.length;
  await eventually(() => shop.grantsLease(primary, leftBehind), { what: 'the old primary grants a lease' });
  expect(await shop.group.primary()).not.toBe(primary);
  await eventually(
    () =>
      traffic.records.slice(woken).filter(({ who, kind }) => who === 'left-behind' && kind === 'read')
        .length > 20,
    { what: 'whoever is left behind goes on reading' },
  );
  await shop.untilBlessedAfter(1);
  await shop.group.untilWell();
  await expectWell(stage);
});

test('the primary is superseded, and nobody demotes it', { timeout: TIMEOUT_MS }, async () => {
  const stage = await scene();
  const { shop, replicas, primary } = stage;
  // The relays find the successor: one of them is new. The replicas' connections stay where they are.
  await shop.supersede(primary);
  const sightings = await Promise.all(replicas.map((replica) => shop.isConnected(primary, replica)));
  expect(sightings).toEqual([true, true]);
  shop.startRelay('relay-3');
  await shop.untilBlessedAfter(1);
  // By themselves: nobody has closed their connections.
  await expectWell(stage);
  expect(await shop.group.primary()).not.toBe(primary);
  expect((await shop.group.direct(primary).info('replication')).includes('role:master')).toBe(true);
});

test('failover, and failback to a server that began anew', { timeout: TIMEOUT_MS }, async () => {
  const stage = await scene();
  const { shop, primary: first } = stage;
  await first.kill();
  await shop.group.successorOf(first);
  await shop.untilBlessedAfter(1);
  await first.restart();
  await shop.group.untilWell();
  // Sentinels that were busy with an election may have gone on to another server at once.
  const second = await shop.group.primary();
  const { number } = await shop.newestBlessing();
  await second.kill();
  await shop.group.successorOf(second);
  await shop.untilBlessedAfter(number);
  await expectWell(stage);
  expect(second).not.toBe(first);
});

test('the primary restarts with an empty memory', { timeout: TIMEOUT_MS }, async () => {
  // So patient that no replica takes over meanwhile.
  const stage = await scene({ downAfterMs: 20_000 });
  const { shop, primary } = stage;
  await primary.restart();
  await shop.untilBlessedAfter(1);
  await expectWell(stage);
  expect(await shop.group.primary()).toBe(primary);
  expect(await shop.keptL2()).toBe(false);
});

test('the primary restarts from an old snapshot', { timeout: TIMEOUT_MS }, async () => {
  const stage = await scene({ downAfterMs: 20_000 });
  const { shop, replicas, primary } = stage;
  const { version } = await replicas[0].item.read(QUIET_ID);
  await shop.group.direct(primary).save();
  await shop.overwriteQuietItem();
  await primary.restart({ keepData: true });
  const held = await eventually(() => shop.heldVersion(primary, 'item', QUIET_ID), {
    what: 'the restarted server answers',
  });
  expect(held, 'the DROP is lost').toBe(version);
  await shop.untilBlessedAfter(1);
  await expectWell(stage);
  expect(await shop.keptL2()).toBe(true);
});
