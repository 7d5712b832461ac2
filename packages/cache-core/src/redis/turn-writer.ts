import type { RedisPort } from './port.ts';

/**
 * Writes the commands of one turn of the event loop together. ioredis makes a system call of each: with 64 reads in
 * flight that is a third of their cost. Its own auto-pipelining does the same and hangs every command's span on the
 * first caller's trace; holding the socket back leaves spans, deadlines and order alone.
 */
export class TurnWriter {
  readonly #redis: RedisPort;
  #holding = false;

  constructor(redis: RedisPort) {
    this.#redis = redis;
  }

  /** Until all that is ready to run now has run. */
  hold(): void {
    const { stream } = this.#redis;
    if (this.#holding || stream === undefined) return;
    this.#holding = true;
    stream.cork();
    process.nextTick(() => {
      this.#holding = false;
      stream.uncork();
    });
  }
}
