import type { Random } from '../random.ts';
import { zipf } from './zipf.ts';

/** One place among the keys of a kind: as hot as its rank, whichever id it has at the moment. */
export class Slot {
  readonly rank: number;
  /** null: nothing has been created here, or nobody knows under which id. */
  id: string | null = null;
  /** What the clients take for true; the row may be another. */
  alive = false;
  #generation = 0;

  constructor(rank: number) {
    this.rank = rank;
  }

  nextGeneration(): number {
    this.#generation += 1;
    return this.#generation;
  }
}

/** How many ids that are out of use are still read now and then. */
const REMEMBERED = 50;

/** The keys of one kind. Hot ranks are drawn more often. */
export class KeySpace {
  readonly slots: readonly Slot[];
  /** All that were ever in use, for the look around at the end. */
  readonly ids = new Set<string>();
  readonly #retired: string[] = [];
  readonly #draw: (random: Random) => number;

  constructor(count: number) {
    this.slots = Array.from({ length: count }, (_, rank) => new Slot(rank));
    this.#draw = zipf(count);
  }

  pick(random: Random): Slot {
    const slot = this.slots[this.#draw(random)];
    if (slot === undefined) throw new Error('A key space has at least one slot.');
    return slot;
  }

  /** One that was in use before; undefined while there is none. */
  pickRetired(random: Random): string | undefined {
    return this.#retired.length === 0 ? undefined : random.pick(this.#retired);
  }

  /** A fresh id for a slot that names its own. */
  nextName(slot: Slot, begin: string): string {
    const id = `${begin}${slot.rank}-${slot.nextGeneration()}`;
    this.ids.add(id);
    return id;
  }

  use(slot: Slot, id: string): void {
    slot.id = id;
    slot.alive = true;
    this.ids.add(id);
  }

  /**
   * Takes the id out of use: a user was deleted; or it is not known whether a row was, so that from now on 'there is none' could
   * always be true.
   */
  retire(slot: Slot): void {
    if (slot.id !== null) {
      this.#retired.push(slot.id);
      if (this.#retired.length > REMEMBERED) this.#retired.shift();
    }
    slot.id = null;
    slot.alive = false;
  }
}
