interface Event {
  time: number;
  order: number;
  run: () => void;
  cancelled: boolean;
}

/** Lets signals and other runs through; far less often than every event, which would cost more than the event. */
const EVENTS_PER_TURN = 20_000;

/**
 * Virtual time. Events run one after another in the order of their times; between two of them every promise reaction
 * that the first one made possible has run, so each await of the code under test is a place where anything may come
 * between.
 */
export class Scheduler {
  #heap: Event[] = [];
  #order = 0;
  #now = 0;
  #ran = 0;

  /** Milliseconds since the schedule began: the true time, which no simulated clock shows exactly. */
  get now(): number {
    return this.#now;
  }

  get eventsRun(): number {
    return this.#ran;
  }

  /** The answer cancels it. */
  at(time: number, run: () => void): () => void {
    const event: Event = { time: Math.max(time, this.#now), order: this.#order++, run, cancelled: false };
    this.#push(event);
    return () => {
      event.cancelled = true;
    };
  }

  after(ms: number, run: () => void): () => void {
    return this.at(this.#now + ms, run);
  }

  /** Runs events up to `until`, or until `stop` says so. Rejects with what an event throws. */
  run(until: number, stop: () => boolean = () => false): Promise<void> {
    return new Promise((resolve, reject) => {
      const step = (): void => {
        try {
          const event = this.#pop(until);
          if (event === undefined) {
            this.#now = Math.max(this.#now, until);
            resolve();
            return;
          }
          this.#now = event.time;
          this.#ran++;
          event.run();
          if (stop()) {
            resolve();
            return;
          }
        } catch (error) {
          reject(error instanceof Error ? error : new Error(String(error)));
          return;
        }
        if (this.#ran % EVENTS_PER_TURN === 0) setImmediate(step);
        // A tick that was asked for by a microtask runs after all microtasks, without a turn of the event loop.
        else queueMicrotask(() => process.nextTick(step));
      };
      queueMicrotask(() => process.nextTick(step));
    });
  }

  #push(event: Event): void {
    const heap = this.#heap;
    let index = heap.push(event) - 1;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      const above = heap[parent] as Event;
      if (!before(event, above)) break;
      heap[index] = above;
      index = parent;
    }
    heap[index] = event;
  }

  #pop(until: number): Event | undefined {
    for (;;) {
      const [first] = this.#heap;
      if (first === undefined || first.time > until) return undefined;
      this.#removeFirst();
      if (!first.cancelled) return first;
    }
  }

  #removeFirst(): void {
    const heap = this.#heap;
    const last = heap.pop() as Event;
    if (heap.length === 0) return;
    let index = 0;
    for (;;) {
      let child = 2 * index + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && before(heap[child + 1] as Event, heap[child] as Event)) child++;
      if (!before(heap[child] as Event, last)) break;
      heap[index] = heap[child] as Event;
      index = child;
    }
    heap[index] = last;
  }
}

function before(a: Event, b: Event): boolean {
  return a.time < b.time || (a.time === b.time && a.order < b.order);
}
