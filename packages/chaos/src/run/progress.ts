const REDRAW_EVERY_MS = 250;

/** One line that is drawn over and over on a terminal; on anything else only the lines that stay. */
export class Progress {
  #headline = '';
  #phase = '';
  #operations: () => number = () => 0;
  readonly #startedAt = performance.now();
  readonly #timer: NodeJS.Timeout | undefined;

  constructor() {
    if (!process.stdout.isTTY) return;
    this.#timer = setInterval(() => this.#draw(), REDRAW_EVERY_MS);
    this.#timer.unref();
  }

  /** What is run now, as '3 of 40  relay-killed'. */
  begin(headline: string): void {
    this.#headline = headline;
    this.phase('', () => 0);
  }

  phase(phase: string, operations: () => number): void {
    this.#phase = phase;
    this.#operations = operations;
  }

  /** A line that stays. */
  say(line: string): void {
    this.#clear();
    console.log(line);
  }

  end(): void {
    clearInterval(this.#timer);
    this.#clear();
  }

  #draw(): void {
    const minutes = ((performance.now() - this.#startedAt) / 60_000).toFixed(1);
    const line = `${minutes} min  ${this.#headline}  ${this.#phase}  ${this.#operations()} operations`;
    process.stdout.write(`\r\x1b[2K${line.slice(0, process.stdout.columns - 1)}`);
  }

  #clear(): void {
    if (process.stdout.isTTY) process.stdout.write('\r\x1b[2K');
  }
}
