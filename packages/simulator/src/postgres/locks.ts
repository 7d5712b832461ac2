export type LockMode = 'shared' | 'exclusive';

/** Somebody who asked for a lock that others have, and what to do once the wait is over. */
export interface Waiter<Owner> {
  readonly owner: Owner;
  readonly mode: LockMode;
  readonly granted: () => void;
  /** Asked whenever a holder has let go: true for one that has nothing left to wait for, which is then told so instead. */
  readonly isPointless?: () => boolean;
  readonly dismissed?: () => void;
}

/** The order in which those who wait for one lock are served; the answer holds the same waiters. */
export type WaitOrder<Owner> = (waiters: readonly Waiter<Owner>[]) => readonly Waiter<Owner>[];

interface Lock<Owner> {
  readonly name: string;
  readonly holders: Map<Owner, LockMode>;
  queue: Waiter<Owner>[];
}

/**
 * Locks by name, held until `release`. Whoever asks first is served first, and whoever waits lets nobody pass, so that writers do not
 * starve behind readers. What `granted` does runs inside the call that freed the lock.
 */
export class LockTable<Owner> {
  readonly #locks = new Map<string, Lock<Owner>>();
  readonly #held = new Map<Owner, Set<Lock<Owner>>>();
  readonly #awaited = new Map<Owner, Lock<Owner>>();
  readonly #order: WaitOrder<Owner> | undefined;

  constructor(order?: WaitOrder<Owner>) {
    this.#order = order;
  }

  /** true when it is held at once; else one of the waiter's functions is called later, unless `forget` or `release` comes first. */
  acquire(name: string, waiter: Waiter<Owner>): boolean {
    let lock = this.#locks.get(name);
    if (lock === undefined) {
      lock = { name, holders: new Map(), queue: [] };
      this.#locks.set(name, lock);
    }
    const held = lock.holders.get(waiter.owner);
    if (held === 'exclusive' || held === waiter.mode) return true;
    if ((held !== undefined || lock.queue.length === 0) && admits(lock, waiter)) {
      this.#hold(lock, waiter);
      return true;
    }
    // Whoever holds it already would wait for the queue, and the queue for it.
    if (held === undefined) lock.queue.push(waiter);
    else lock.queue.unshift(waiter);
    this.#awaited.set(waiter.owner, lock);
    return false;
  }

  holdersOf(name: string): Owner[] {
    return [...(this.#locks.get(name)?.holders.keys() ?? [])];
  }

  /** Those that must let go, or be served, before `owner` gets what it waits for. */
  blockersOf(owner: Owner): Owner[] {
    const lock = this.#awaited.get(owner);
    if (lock === undefined) return [];
    const position = lock.queue.findIndex((waiter) => waiter.owner === owner);
    const ahead = lock.queue.slice(0, position).map((waiter) => waiter.owner);
    return [...lock.holders.keys(), ...ahead].filter((blocker) => blocker !== owner);
  }

  /** Takes a waiter out of its queue. */
  forget(owner: Owner): void {
    const lock = this.#awaited.get(owner);
    if (lock === undefined) return;
    this.#awaited.delete(owner);
    lock.queue = lock.queue.filter((waiter) => waiter.owner !== owner);
    this.#serve(lock);
  }

  /** Frees everything that `owner` holds or waits for. */
  release(owner: Owner): void {
    this.forget(owner);
    const held = this.#held.get(owner);
    if (held === undefined) return;
    this.#held.delete(owner);
    for (const lock of held) lock.holders.delete(owner);
    for (const lock of held) this.#serve(lock);
  }

  #hold(lock: Lock<Owner>, { owner, mode }: Waiter<Owner>): void {
    lock.holders.set(owner, mode);
    const held = this.#held.get(owner);
    if (held === undefined) this.#held.set(owner, new Set([lock]));
    else held.add(lock);
  }

  #serve(lock: Lock<Owner>): void {
    this.#dismiss(lock);
    if (this.#order !== undefined && lock.queue.length > 1) lock.queue = [...this.#order(lock.queue)];
    for (;;) {
      const [next] = lock.queue;
      if (next === undefined || !admits(lock, next)) break;
      lock.queue.shift();
      this.#awaited.delete(next.owner);
      this.#hold(lock, next);
      next.granted();
    }
    if (lock.holders.size === 0 && lock.queue.length === 0) this.#locks.delete(lock.name);
  }

  #dismiss(lock: Lock<Owner>): void {
    for (const waiter of lock.queue) {
      if (waiter.isPointless?.() !== true) continue;
      lock.queue = lock.queue.filter((other) => other !== waiter);
      this.#awaited.delete(waiter.owner);
      waiter.dismissed?.();
    }
  }
}

function admits<Owner>(lock: Lock<Owner>, { owner, mode }: Waiter<Owner>): boolean {
  for (const [holder, held] of lock.holders) {
    if (holder !== owner && (mode === 'exclusive' || held === 'exclusive')) return false;
  }
  return true;
}
