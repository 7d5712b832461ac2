/** Of a list that is looked at again and again: what is new in it, or not what it was. */
export class Changes<Item> {
  readonly #describe: (item: Item) => { id: string; state: string };
  #known: Map<string, string> | null = null;

  /** `state`: whatever makes an item another one for those who watch it. */
  constructor(describe: (item: Item) => { id: string; state: string }) {
    this.#describe = describe;
  }

  /** Nothing, the first time. */
  since(items: readonly Item[]): Item[] {
    const before = this.#known;
    this.#known = new Map();
    const changed: Item[] = [];
    for (const item of items) {
      const { id, state } = this.#describe(item);
      // A list may name it twice.
      if (before !== null && before.get(id) !== state && !this.#known.has(id)) changed.push(item);
      this.#known.set(id, state);
    }
    return changed;
  }
}
