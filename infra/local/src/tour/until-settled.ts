import { setTimeout as delay } from 'node:timers/promises';
import { request } from './replica.ts';

const ASK_EVERY_MS = 20;
const SETTLED_WITHIN_MS = 5_000;

/**
 * Waits until the invalidation of a key has reached every replica of its domain, as the relay tells operators. A value
 * that is loaded while an invalidation of it arrives is not kept, rightly so, and would spoil the next step.
 *
 * @returns false when that did not happen in time.
 */
export async function untilSettled(relay: string, domain: string, key: string): Promise<boolean> {
  const deadline = performance.now() + SETTLED_WITHIN_MS;
  while (performance.now() < deadline) {
    if ((await isApplied(relay, key)) && (await nobodyLags(relay, domain))) return true;
    await delay(ASK_EVERY_MS);
  }
  return false;
}

async function isApplied(relay: string, key: string): Promise<boolean> {
  const { body } = await request('GET', `${relay}/v1/invalidations`);
  return itemsOf(body).some((item) => item['key'] === key && item['state'] === 'applied');
}

async function nobodyLags(relay: string, domain: string): Promise<boolean> {
  const { body } = await request('GET', `${relay}/v1/replicas`);
  const replicas = itemsOf(body).filter((item) => item['domain'] === domain && item['live'] === true);
  return replicas.length > 0 && replicas.every((item) => item['lag'] === 0);
}

function itemsOf(body: Readonly<Record<string, unknown>>): readonly Readonly<Record<string, unknown>>[] {
  return Array.isArray(body['items']) ? body['items'] : [];
}
