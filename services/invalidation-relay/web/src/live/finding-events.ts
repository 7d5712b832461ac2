import { computed, effect, signal } from '@preact/signals';
import { api } from '../api/client.ts';
import type { Invalidation } from '../api/contract.ts';
import { invalidations } from './invalidation-feed.ts';
import { findings } from './store.ts';

/** Those that the stream does not hold any more, or never held. Null: not to be had. */
const asked = signal<ReadonlyMap<string, Invalidation | null>>(new Map());

/** The invalidations that should have removed what was found, and all of the stream, by id. */
export const events = computed<ReadonlyMap<string, Invalidation>>(() => {
  const byId = new Map<string, Invalidation>();
  for (const item of [...asked.value.values(), ...invalidations.value]) {
    if (item !== null) byId.set(item.id, item);
  }
  return byId;
});

/** Asks once for each that an open finding names and nobody knows. */
export function explainFindings(): void {
  effect(() => {
    for (const { event, resolvedAt } of findings.value) {
      if (event === null || resolvedAt !== null || asked.peek().has(event) || events.peek().has(event))
        continue;
      remember(event, null);
      void api.invalidation(event).then(
        (item) => remember(event, item),
        () => undefined,
      );
    }
  });
}

function remember(id: string, item: Invalidation | null): void {
  asked.value = new Map([...asked.peek(), [id, item]]);
}
