import { signal } from '@preact/signals';
import { api } from '../api/client.ts';
import type { Invalidation } from '../api/contract.ts';
import { resource } from './resource.ts';

const KEPT = 200;

/** Newest first. The same item comes again whenever its state changes. */
export const invalidations = signal<readonly Invalidation[]>([]);

/** The first page, merged into what is there already. */
export const invalidationFeed = resource(async () => {
  const { items, unavailable } = await api.invalidations(100);
  merge(items);
  return { unavailable };
});

export function addInvalidation(item: Invalidation): void {
  merge([item]);
}

function merge(items: readonly Invalidation[]): void {
  const byId = new Map(invalidations.value.map((item) => [item.id, item]));
  for (const item of items) byId.set(item.id, item);
  invalidations.value = [...byId.values()].toSorted(newestFirst).slice(0, KEPT);
}

function newestFirst(a: Invalidation, b: Invalidation): number {
  return b.createdAt.localeCompare(a.createdAt) || Number(rowOf(b.id)) - Number(rowOf(a.id));
}

/** `user-123` → `123`. */
function rowOf(id: string): string {
  return id.slice(id.lastIndexOf('-') + 1);
}
