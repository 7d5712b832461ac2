import type { Logger } from 'pino';
import { within } from './within.ts';

export type Closer = () => unknown;

/** What must be given back at the end: closed one after the other, the newest first. */
export class Closers {
  readonly #closers: { name: string; close: Closer }[] = [];

  add(name: string, close: Closer): void {
    this.#closers.push({ name, close });
  }

  /** Closes everything, also after a failure. Answers the names of those that failed or took too long. */
  async closeAll(remainingMs: () => number, log: Logger): Promise<string[]> {
    const failed: string[] = [];
    for (const { name, close } of this.#closers.splice(0).toReversed()) {
      try {
        await within(remainingMs(), async () => close());
      } catch (error) {
        failed.push(name);
        log.warn({ err: error, closer: name }, 'could not be closed in order');
      }
    }
    return failed;
  }
}
