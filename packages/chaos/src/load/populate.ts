import { randomUUID } from 'node:crypto';
import { entities } from './entity.ts';
import { newShelf } from './writes.ts';
import { insertProduct, insertProfile, insertStock } from './sql-writes.ts';
import type { World } from './world.ts';

const HOSTS = 10;
const UNITS = 20;
const WHO = 'populate';

/** Puts the rows there that the load begins with, recorded like any other write. @throws when one cannot be made */
export async function populate(world: World): Promise<void> {
  const { keys } = world;
  for (let count = 0; count < HOSTS; count++) {
    const host = randomUUID();
    must(await insertProfile(world, WHO, host));
    world.hosts.push(host);
  }
  for (const slot of keys.profile.slots) {
    const id = randomUUID();
    must(await insertProfile(world, WHO, id));
    keys.profile.use(slot, id);
  }
  for (const slot of keys.product.slots) {
    const id = keys.product.nextName(slot, `${world.prefix}-p`);
    must(await insertProduct(world, WHO, id));
    keys.product.use(slot, id);
  }
  for (const kind of ['stock', 'shared-stock'] as const) {
    for (const slot of keys[kind].slots) {
      const id = await newShelf(world, kind, slot);
      must(id !== null && (await insertStock(world, WHO, entities[kind], id, UNITS)));
      slot.alive = true;
    }
  }
}

function must(done: boolean): void {
  if (!done) throw new Error('The rows that the load begins with could not be made: is Postgres well?');
}
