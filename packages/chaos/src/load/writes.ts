import type { OperationRecord } from '../contract.ts';
import type { Client } from './client.ts';
import { entities } from './entity.ts';
import type { Slot } from './key-space.ts';
import type { World } from './world.ts';

/** Few enough that shelves are often empty. */
const MOST_UNITS = 20;
const MOST_TAKEN = 4;

/** Creates the user of this slot, or changes its name, or now and then deletes it. */
export async function writeProfile(client: Client, slot: Slot): Promise<void> {
  const { world, random } = client;
  const space = world.keys.profile;
  const id = world.recorder.newId();
  const name = `${world.prefix}-${id}`;
  const entity = entities.profile;
  if (slot.id === null) {
    const body = { name, email: `${name}@chaos.test` };
    const request = { method: 'POST', path: '/users', body } as const;
    const { outcome, key } = await client.write(id, {
      op: 'create',
      entity,
      key: null,
      request,
      value: name,
    });
    if (outcome === 'ok' && slot.id === null) space.use(slot, key);
    return;
  }
  const key = slot.id;
  const path = `/users/${key}`;
  if (random.next() < 0.05) {
    // At once: the id never comes back, whatever becomes of this.
    space.retire(slot);
    await client.write(id, { op: 'delete', entity, key, request: { method: 'DELETE', path }, value: null });
    return;
  }
  const request = { method: 'PATCH', path, body: { name } } as const;
  const { status } = await client.write(id, { op: 'patch', entity, key, request, value: name });
  if (status === 404 && slot.id === key) space.retire(slot);
}

export async function writeSession(client: Client, slot: Slot): Promise<void> {
  const { world, random } = client;
  const space = world.keys.session;
  const id = world.recorder.newId();
  const entity = entities.session;
  if (slot.id === null) {
    const request = {
      method: 'POST',
      path: '/sessions',
      body: { userId: random.pick(world.hosts) },
    } as const;
    const { outcome, key } = await client.write(id, {
      op: 'create',
      entity,
      key: null,
      request,
      value: null,
    });
    if (outcome === 'ok' && slot.id === null) space.use(slot, key);
    return;
  }
  const key = slot.id;
  space.retire(slot);
  const request = { method: 'DELETE', path: `/sessions/${key}` } as const;
  await client.write(id, { op: 'delete', entity, key, request, value: null });
}

/** Creates, replaces or deletes the product of this slot; it comes back under the same id. */
export async function writeProduct(client: Client, slot: Slot): Promise<void> {
  const { world, random } = client;
  const space = world.keys.product;
  const entity = entities.product;
  const id = world.recorder.newId();
  slot.id ??= space.nextName(slot, `${world.prefix}-p`);
  const key = slot.id;
  const path = `/products/${key}`;
  if (slot.alive && random.next() < 0.1) {
    const request = { method: 'DELETE', path } as const;
    noteDeletion(space, slot, await client.write(id, { op: 'delete', entity, key, request, value: null }));
    return;
  }
  const name = `${world.prefix}-${id}`;
  const body = { name, description: '', priceCents: 100 };
  const isCreation = !slot.alive && random.next() < 0.5;
  const request = { method: 'PUT', path, body, ...(isCreation ? onlyCreate : {}) } as const;
  const op = isCreation ? 'create' : 'put';
  noteWrite(slot, key, await client.write(id, { op, entity, key, request, value: name }));
}

/** Fills the shelf, takes from it, or takes it away. Strong, unless plain SQL changes this kind of stock too. */
export async function writeStock(
  client: Client,
  slot: Slot,
  entity: typeof entities.stock | (typeof entities)['shared-stock'],
): Promise<void> {
  const { world, random } = client;
  const id = world.recorder.newId();
  const key = slot.id ?? (await newShelf(world, entity.kind, slot));
  if (key === null) return;
  const path = `/inventory/${key}`;
  const drawn = random.next();
  if (slot.alive && drawn < 0.65) {
    const amount = 1 + Math.floor(random.next() * MOST_TAKEN);
    const request = { method: 'POST', path: `${path}/reservations`, body: { quantity: amount } } as const;
    noteWrite(
      slot,
      key,
      await client.write(id, { op: 'reserve', entity, key, request, value: null, amount }),
    );
    return;
  }
  if (slot.alive && drawn < 0.72 && entity.kind === 'stock') {
    const request = { method: 'DELETE', path } as const;
    const deletion = await client.write(id, { op: 'delete', entity, key, request, value: null });
    noteDeletion(world.keys.stock, slot, deletion);
    return;
  }
  const quantity = Math.floor(random.next() * MOST_UNITS);
  const [op, condition] = slot.alive
    ? (['replace', onlyReplace] as const)
    : (['create', onlyCreate] as const);
  const request = { method: 'PUT', path, body: { quantity }, ...condition } as const;
  noteWrite(slot, key, await client.write(id, { op, entity, key, request, value: quantity }));
}

/** So that the answer need not come for it to be known which of the two it was. */
const onlyCreate = { headers: { 'if-none-match': '*' } } as const;
const onlyReplace = { headers: { 'if-match': '*' } } as const;

/** Stock is of a product: plain SQL puts one there, and nothing else is done to it. null when Postgres does not answer. */
export async function newShelf(
  world: World,
  kind: 'stock' | 'shared-stock',
  slot: Slot,
): Promise<string | null> {
  const id = world.keys[kind].nextName(slot, `${world.prefix}-${kind}`);
  const text = `insert into products (id, name, description, price_cents) values ($1, 'shelf', '', 1)`;
  try {
    await world.sql.run('inventory', text, [id]);
  } catch {
    return null;
  }
  slot.id ??= id;
  return slot.id;
}

function noteWrite(slot: Slot, key: string, { outcome, status, op }: OperationRecord): void {
  if (slot.id !== key) return;
  if (outcome === 'ok') slot.alive = true;
  else if (status === 404) slot.alive = false;
  else if (status === 412) slot.alive = op === 'create';
}

function noteDeletion(
  space: { retire(slot: Slot): void },
  slot: Slot,
  { key, outcome, status }: OperationRecord,
): void {
  if (slot.id !== key) return;
  if (outcome === 'unknown') space.retire(slot);
  else if (outcome === 'ok' || status === 404) slot.alive = false;
}
