import type { Process } from './process.ts';
import type { Random } from './random.ts';
import type { Scheduler } from './scheduler.ts';

export type Direction = 'toServer' | 'toClient';

/** How long messages take, in milliseconds. */
export interface Latency {
  low: number;
  high: number;
}

interface Pending {
  reject: (error: Error) => void;
}

/**
 * One TCP connection between a process and a server: what is sent arrives in order, each message after a random time, or, once
 * the connection is cut, not at all. A stalled direction holds its messages back, as a partition does that TCP outlives: nobody
 * is told.
 */
export class Link {
  readonly #scheduler: Scheduler;
  readonly #random: Random;
  readonly #process: Process;
  readonly #latency: Latency;
  readonly #pending = new Set<Pending>();
  readonly #stalledUntil = { toServer: 0, toClient: 0 };
  readonly #lastArrival = { toServer: 0, toClient: 0 };
  #chunk: { time: number; arrivals: (() => void)[] } | null = null;
  #epoch = 0;
  /** Until when requests of the epoch before arrive, although nobody waits for their answers any more. */
  #stragglersUntil = 0;

  constructor(scheduler: Scheduler, random: Random, process: Process, latency: Latency) {
    this.#scheduler = scheduler;
    this.#random = random;
    this.#process = process;
    this.#latency = latency;
  }

  /** Calls still without an answer. */
  get pending(): number {
    return this.#pending.size;
  }

  /**
   * Runs `execute` at the server and brings its answer back. Rejects with what it throws, or when the connection is cut before
   * the answer has arrived, whether or not `execute` has run.
   * @param timeoutMs on the process's clock; the request may still run later
   */
  call<A>(execute: () => A | Promise<A>, timeoutMs?: number): Promise<A> {
    const epoch = this.#epoch;
    return new Promise<A>((resolve, reject) => {
      let cancelTimeout = (): void => {};
      const settle = (): void => {
        this.#pending.delete(pending);
        cancelTimeout();
      };
      const pending: Pending = {
        reject(error) {
          settle();
          reject(error);
        },
      };
      this.#pending.add(pending);
      if (timeoutMs !== undefined) {
        cancelTimeout = this.#process.clock.after(timeoutMs, () =>
          pending.reject(new Error('Command timed out')),
        );
      }
      this.#send('toServer', epoch, () => {
        const answer = (deliver: () => void): void => {
          if (epoch !== this.#epoch) return;
          this.#send('toClient', epoch, () => {
            if (!this.#pending.has(pending)) return;
            settle();
            deliver();
          });
        };
        let result: A | Promise<A>;
        try {
          result = execute();
        } catch (error) {
          answer(() => reject(error));
          return;
        }
        if (result instanceof Promise) {
          result.then(
            (value) => answer(() => resolve(value)),
            (error: unknown) => answer(() => reject(error)),
          );
        } else {
          const value = result;
          answer(() => resolve(value));
        }
      });
    });
  }

  /** Messages in this direction arrive no earlier than `ms` from now. */
  stall(direction: Direction, ms: number): void {
    this.#stalledUntil[direction] = Math.max(this.#stalledUntil[direction], this.#scheduler.now + ms);
  }

  /**
   * Whoever waits for an answer gets an error. Of the requests under way a part still arrives: done, and not acknowledged. (A
   * process that is killed needs no cut: what it sent arrives, and it hears nothing.)
   */
  cut(): void {
    this.#epoch++;
    this.#stragglersUntil = this.#scheduler.now + this.#random.between(0, this.#latency.high);
    for (const { reject } of this.#pending) reject(new Error('Connection is closed.'));
  }

  #send(direction: Direction, epoch: number, arrive: () => void): void {
    const { low, high } = this.#latency;
    const earliest = this.#scheduler.now + this.#random.between(low, high);
    const time = Math.max(earliest, this.#notBefore(direction), this.#stalledUntil[direction]);
    if (direction === 'toServer') this.#lastArrival.toServer = time;
    const onArrival = (): void => {
      if (!this.#arrives(direction, epoch)) return;
      if (this.#scheduler.now < this.#stalledUntil[direction]) {
        // Stalled after it was sent.
        this.#scheduler.at(this.#stalledUntil[direction], onArrival);
        return;
      }
      arrive();
    };
    if (direction === 'toServer') this.#scheduler.at(time, onArrival);
    else this.#intoChunk(time, onArrival);
  }

  /** What arrives within one read of the socket is handed over at once: no promise reaction runs in between. */
  #intoChunk(time: number, onArrival: () => void): void {
    const open = this.#chunk;
    if (open !== null && time <= open.time && this.#scheduler.now < open.time) {
      open.arrivals.push(onArrival);
      return;
    }
    const waits = this.#random.chance(0.3) ? this.#random.between(0, this.#latency.high) : 0;
    const chunk = { time: time + waits, arrivals: [onArrival] };
    this.#chunk = chunk;
    this.#lastArrival.toClient = Math.max(this.#lastArrival.toClient, chunk.time);
    this.#process.runAt(chunk.time, () => {
      for (const arrive of chunk.arrivals) arrive();
    });
  }

  /** In order; answers may share the chunk of the last one. */
  #notBefore(direction: Direction): number {
    if (direction === 'toServer') return this.#lastArrival.toServer + 1e-6;
    return this.#lastArrival.toClient;
  }

  #arrives(direction: Direction, epoch: number): boolean {
    if (epoch === this.#epoch) return true;
    return (
      direction === 'toServer' && epoch === this.#epoch - 1 && this.#scheduler.now <= this.#stragglersUntil
    );
  }
}
