import type { ChildProcess } from '@freshet/local';
import type { Part } from '@freshet/local/system';
import type { Death } from './system-under-test.ts';

const LINES_KEPT = 2_000;

/** A part whose restart can be held back, and of which it is known when and how it died, and what it said. */
export class SupervisedPart implements Part {
  readonly name: string;
  readonly #start: () => Promise<ChildProcess>;
  readonly #deaths: Death[];
  readonly #lines: { readonly at: number; readonly line: string }[] = [];
  #held: Promise<void> | undefined;

  constructor(part: Part, deaths: Death[]) {
    this.name = part.name;
    this.#start = () => part.start();
    this.#deaths = deaths;
  }

  async start(): Promise<ChildProcess> {
    await this.#held;
    const child = await this.#start();
    void child.exited.then(({ code, signal }) => {
      this.#deaths.push({
        name: this.name,
        pid: child.pid,
        at: performance.now(),
        how: signal ?? `code ${code}`,
      });
    });
    return child;
  }

  holdDown(): () => void {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#held = promise;
    return resolve;
  }

  heard(line: string): void {
    this.#lines.push({ at: performance.now(), line });
    if (this.#lines.length > LINES_KEPT) this.#lines.shift();
  }

  linesSince(at: number): string[] {
    return this.#lines.filter((one) => one.at >= at).map(({ line }) => line);
  }
}
