import type { Action } from '../contract.ts';
import type { Random } from '../random.ts';
import { type Entity, entities } from './entity.ts';
import type { Seen } from './seen.ts';
import type { World } from './world.ts';

const MOST_UNITS = 20;

/** One of the changes that are made past the services. */
export async function writeBySql(world: World, client: string, random: Random): Promise<void> {
  const drawn = random.next();
  if (drawn < 0.35) {
    const { id } = world.keys.profile.pick(random);
    if (id !== null) await rename(world, client, entities.profile, id);
  } else if (drawn < 0.75) await writeProductBySql(world, client, random);
  else {
    const { id } = world.keys['shared-stock'].pick(random);
    if (id !== null) await recount(world, client, id, Math.floor(random.next() * MOST_UNITS));
  }
}

async function writeProductBySql(world: World, client: string, random: Random): Promise<void> {
  const slot = world.keys.product.pick(random);
  const { id } = slot;
  if (id === null) return;
  if (!slot.alive) {
    if (await insertProduct(world, client, id)) slot.alive = true;
  } else if (random.next() < 0.15) {
    // The version is drawn after the row's own, as the services do: never lower than any that the row had.
    const text = `with gone as (delete from products where id = $1 returning id)
      select nextval('freshet.version_seq')::text as version from gone`;
    const outcome = await change(world, client, 'sql-delete', entities.product, id, text, [id], null);
    if (slot.id !== id) return;
    if (outcome === 'unknown') world.keys.product.retire(slot);
    else slot.alive = false;
  } else await rename(world, client, entities.product, id);
}

/** Gives a user or a product another name, which says who gave it. */
export async function rename(world: World, client: string, entity: Entity, key: string): Promise<void> {
  const { table, idColumn } = entity;
  const id = world.recorder.newId();
  const name = `${world.prefix}-${id}`;
  const text = `update ${table} set name = $2, updated_at = clock_timestamp() where ${idColumn} = $1 returning version`;
  await change(world, client, 'sql-update', entity, key, text, [key, name], name, id);
}

/** Says how many units of a shared stock there are. */
async function recount(world: World, client: string, key: string, quantity: number): Promise<void> {
  const text =
    'update stock set quantity = $2, updated_at = clock_timestamp() where product_id = $1 returning version';
  await change(world, client, 'sql-update', entities['shared-stock'], key, text, [key, quantity], quantity);
}

export async function insertProduct(world: World, client: string, key: string): Promise<boolean> {
  const id = world.recorder.newId();
  const name = `${world.prefix}-${id}`;
  const text =
    "insert into products (id, name, description, price_cents) values ($1, $2, '', 100) returning version";
  return (
    (await change(world, client, 'sql-insert', entities.product, key, text, [key, name], name, id)) === 'ok'
  );
}

export async function insertProfile(world: World, client: string, key: string): Promise<boolean> {
  const id = world.recorder.newId();
  const name = `${world.prefix}-${id}`;
  const text = 'insert into users (id, name, email) values ($1, $2, $3) returning version';
  const values = [key, name, `${name}@chaos.test`];
  return (await change(world, client, 'sql-insert', entities.profile, key, text, values, name, id)) === 'ok';
}

export async function insertStock(
  world: World,
  client: string,
  entity: typeof entities.stock | (typeof entities)['shared-stock'],
  key: string,
  quantity: number,
): Promise<boolean> {
  const text = 'insert into stock (product_id, quantity) values ($1, $2) returning version';
  return (await change(world, client, 'sql-insert', entity, key, text, [key, quantity], quantity)) === 'ok';
}

async function change(
  world: World,
  client: string,
  op: Action,
  entity: Entity,
  key: string,
  text: string,
  values: readonly unknown[],
  written: Seen['value'],
  id = world.recorder.newId(),
): Promise<Seen['outcome']> {
  const call = { client, session: null, via: 'sql', op, kind: entity.kind, key };
  const { outcome } = await world.recorder.record(id, call, () =>
    world.sql.change(entity.domain, text, values, written),
  );
  return outcome;
}
