import { randomUUID } from 'node:crypto';
import { Random } from '../random.ts';
import { Client } from './client.ts';
import { type Entity, entities } from './entity.ts';
import type { Pace } from './pace.ts';
import { insertProduct, insertProfile, rename } from './sql-writes.ts';
import type { World } from './world.ts';

const WRITE_EVERY_MS = 100;
const READ_EVERY_MS = 50;
const WHO = 'canary';

/**
 * One row of each service that plain SQL changes all the time and that every replica is asked for all the time: how old an answer
 * was is seen to a tenth of a second, on each replica, at any moment.
 */
export async function startCanaries(world: World, pace: Pace, seed: number): Promise<void> {
  const user = randomUUID();
  const product = `${world.prefix}-canary`;
  world.keys.profile.ids.add(user);
  world.keys.product.ids.add(product);
  await insertProfile(world, WHO, user);
  await insertProduct(world, WHO, product);
  watch(world, pace, entities.profile, user, seed);
  watch(world, pace, entities.product, product, seed);
}

function watch(world: World, pace: Pace, entity: Entity, key: string, seed: number): void {
  pace.repeat(WRITE_EVERY_MS, () => rename(world, WHO, entity, key));
  const replicas = world.target.replicas.filter(({ service }) => service === entity.service);
  for (const lane of replicas.keys()) {
    const client = new Client(world, `${WHO}-${entity.kind}-${lane + 1}`, lane, new Random(seed + lane));
    pace.repeat(READ_EVERY_MS, () => client.read(entity, key));
  }
}
