import { signal } from '@preact/signals';
import { api } from '../api/client.ts';
import type { Invalidation } from '../api/contract.ts';
import { resource } from './resource.ts';

const PAGE = 100;
const KEPT = 300;

/** Which of them are shown. */
export type Filter = 'all' | 'waiting' | 'dead';

export const filter = signal<Filter>('all');

const statesOf: Record<Filter, readonly (Invalidation['state'] | undefined)[]> = {
  all: [undefined],
  waiting: ['pending', 'retrying'],
  dead: ['dead'],
};

/** Newest first, whatever the filter. The same one comes again whenever its state changes. */
export const invalidations = signal<readonly Invalidation[]>([]);

/** The newest that the filter lets through, merged into what is there already. */
export const invalidationFeed = resource(async () => {
  const pages = await Promise.all(statesOf[filter.value].map((state) => api.invalidations(PAGE, state)));
  addInvalidations(pages.flatMap(({ items }) => items));
  return { unavailable: pages[0]?.unavailable };
});

export function addInvalidations(items: readonly Invalidation[]): void {
  const byId = new Map([...invalidations.value, ...items].map((item) => [item.id, item]));
  const newest = [...byId.values()].toSorted(newestFirst);
  // What is not applied yet stays: it is what an operator looks for.
  invalidations.value = newest.filter(({ state }, index) => index < KEPT || state !== 'applied');
}

export function passes({ state }: Invalidation, by: Filter): boolean {
  return statesOf[by].includes(undefined) || statesOf[by].includes(state);
}

function newestFirst(a: Invalidation, b: Invalidation): number {
  return b.createdAt.localeCompare(a.createdAt) || Number(rowOf(b.id)) - Number(rowOf(a.id));
}

/** `user-123` → `123`. */
function rowOf(id: string): string {
  return id.slice(id.lastIndexOf('-') + 1);
}
