import { computed, type ReadonlySignal, signal } from '@preact/signals';

/** A list that stands still while somebody reads it. */
export interface HeldList<Item> {
  readonly shown: ReadonlySignal<readonly Item[]>;
  readonly held: ReadonlySignal<boolean>;
  /** How many came since it was held. */
  readonly waiting: ReadonlySignal<number>;
  readonly hold: () => void;
  readonly release: () => void;
}

/** Items that are shown when it is held still change in place; new ones wait. */
export function heldList<Item extends { readonly id: string }>(
  all: ReadonlySignal<readonly Item[]>,
): HeldList<Item> {
  const heldIds = signal<ReadonlySet<string> | null>(null);
  const shown = computed(() => {
    const ids = heldIds.value;
    return ids === null ? all.value : all.value.filter(({ id }) => ids.has(id));
  });
  return {
    shown,
    held: computed(() => heldIds.value !== null),
    waiting: computed(() => all.value.length - shown.value.length),
    hold() {
      heldIds.value ??= new Set(all.value.map(({ id }) => id));
    },
    release() {
      heldIds.value = null;
    },
  };
}
