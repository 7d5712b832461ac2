import { randomBytes } from 'node:crypto';
import type { Load, LoadOptions, Target } from '../contract.ts';
import { Random } from '../random.ts';
import { startCanaries } from './canaries.ts';
import { Client, type Lane } from './client.ts';
import { entities } from './entity.ts';
import { Http } from './http.ts';
import { KeySpace } from './key-space.ts';
import { lookAround } from './look-around.ts';
import { Pace } from './pace.ts';
import { populate } from './populate.ts';
import { Recorder } from './recorder.ts';
import { Sql } from './sql.ts';
import { writeBySql } from './sql-writes.ts';
import type { World } from './world.ts';
import { writeProduct, writeProfile, writeSession, writeStock } from './writes.ts';

const CLIENTS = 64;
const KEYS = 50;
/** Operations a second. */
const RATE = 1_500;
const SQL_CLIENTS = 2;
const SQL_EVERY_MS = 40;
/** One client in so many goes through the gateway. The others each stay with one replica: who hangs at one holds nobody else up. */
const GATEWAY_ONE_IN = 3;

/** What a client does next, in so many of a hundred cases. */
const MIX: readonly (readonly [number, (client: Client) => Promise<unknown>])[] = [
  [24, (client) => readSome(client, 'profile')],
  [25, (client) => readSome(client, 'product')],
  [26, (client) => readSome(client, 'stock')],
  [7, (client) => readSome(client, 'shared-stock')],
  [5, (client) => readSome(client, 'session')],
  [0.5, (client) => client.readSummary()],
  [3, (client) => writeProfile(client, client.world.keys.profile.pick(client.random))],
  [3, (client) => writeProduct(client, client.world.keys.product.pick(client.random))],
  [1, (client) => writeSession(client, client.world.keys.session.pick(client.random))],
  [4.5, (client) => writeStock(client, client.world.keys.stock.pick(client.random), entities.stock)],
  [
    1,
    (client) =>
      writeStock(client, client.world.keys['shared-stock'].pick(client.random), entities['shared-stock']),
  ],
];
const TOTAL = MIX.reduce((sum, [share]) => sum + share, 0);
/** Reads of ids that are out of use. */
const RETIRED = 0.03;

/** Puts its rows there, then reads and writes until it is stopped. */
export async function startLoad(target: Target, options: LoadOptions): Promise<Load> {
  const { seed, history, clients = CLIENTS, keys = KEYS, rate = RATE } = options;
  const recorder = new Recorder(history);
  const world: World = {
    target,
    http: new Http(),
    sql: new Sql(target),
    recorder,
    keys: {
      profile: new KeySpace(keys),
      session: new KeySpace(keys),
      product: new KeySpace(keys),
      stock: new KeySpace(keys),
      'shared-stock': new KeySpace(Math.ceil(keys / 5)),
    },
    hosts: [],
    prefix: randomBytes(4).toString('hex'),
  };
  await populate(world);

  const pace = new Pace();
  const replicas = Math.max(1, Math.ceil(target.replicas.length / 2));
  const everyMs = (1_000 * clients) / rate;
  for (let index = 0; index < clients; index++) {
    const lane: Lane = index % GATEWAY_ONE_IN === 0 ? 'gateway' : index % replicas;
    const client = new Client(world, `c${index + 1}`, lane, new Random(seed * 1_000 + index));
    pace.repeat(everyMs, () => doSomething(client));
  }
  for (let index = 0; index < SQL_CLIENTS; index++) {
    const random = new Random(seed * 1_000 - 1 - index);
    pace.repeat(SQL_EVERY_MS, () => writeBySql(world, `sql${index + 1}`, random));
  }
  await startCanaries(world, pace, seed);

  let stopped: Promise<void> | undefined;
  const stop = async (): Promise<void> => {
    await pace.stop();
    await Promise.all([world.http.close(), world.sql.close()]);
  };
  return {
    counts: recorder.counts,
    stop: () => (stopped ??= stop()),
    lookAround: () => lookAround(world, history),
  };
}

async function doSomething(client: Client): Promise<void> {
  let drawn = client.random.next() * TOTAL;
  for (const [share, act] of MIX) {
    drawn -= share;
    if (drawn < 0) {
      await act(client);
      return;
    }
  }
}

async function readSome(client: Client, kind: keyof World['keys']): Promise<void> {
  const { random, world } = client;
  const retired = random.next() < RETIRED ? world.keys[kind].pickRetired(random) : undefined;
  const key = retired ?? world.keys[kind].pick(random).id;
  if (key !== null) await client.read(entities[kind], key);
}
