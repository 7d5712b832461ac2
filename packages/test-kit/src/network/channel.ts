import type { Socket } from 'node:net';
import type { Direction, Lane, NetworkFaults } from './network-faults.ts';

interface Parcel {
  /** undefined: the end of the stream. */
  readonly chunk: Buffer | undefined;
  readonly dueAtMs: number;
}

/** One direction of a proxied connection: a queue of chunks, emptied as the lane's faults allow. */
export class Channel {
  /** Bytes of this stream were thrown away. */
  hasHole = false;
  readonly #direction: Direction;
  readonly #sink: Socket;
  readonly #faults: NetworkFaults;
  readonly #lane: Lane;
  readonly #queue: Parcel[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(direction: Direction, source: Socket, sink: Socket, faults: NetworkFaults) {
    this.#direction = direction;
    this.#sink = sink;
    this.#faults = faults;
    this.#lane = faults.lanes[direction];
    source.on('data', (chunk: Buffer) => this.#receive(chunk));
    source.on('end', () => this.#receive(undefined));
  }

  #receive(chunk: Buffer | undefined): void {
    if (chunk) for (const watcher of this.#faults.watchers) watcher(chunk, this.#direction);
    const size = chunk?.length ?? 0;
    if (this.#lane.mode === 'drop') {
      this.hasHole = true;
      this.#faults.droppedBytes += size;
      return;
    }
    if (this.#lane.mode === 'hold') this.#faults.heldBytes += size;
    if (this.#lane.delayMs > 0) this.#faults.delayedBytes += size;
    this.#queue.push({ chunk, dueAtMs: performance.now() + this.#lane.delayMs });
    this.pump();
  }

  /** Sends what is due, in order. */
  pump(): void {
    clearTimeout(this.#timer);
    while (this.#lane.mode !== 'hold') {
      const [next] = this.#queue;
      if (!next) return;
      const waitMs = next.dueAtMs - performance.now();
      if (waitMs > 0) {
        this.#timer = setTimeout(() => this.pump(), waitMs);
        return;
      }
      this.#queue.shift();
      if (next.chunk) this.#sink.write(next.chunk);
      else this.#sink.end();
    }
  }
}
