export interface RelayLogger {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** Says a lasting trouble once, and once that it is over: what fails ten times a second would drown the log. */
export class Complaints {
  readonly #domain: string;
  readonly #logger: RelayLogger;
  readonly #open = new Set<string>();

  constructor(domain: string, logger: RelayLogger) {
    this.#domain = domain;
    this.#logger = logger;
  }

  /** `what` names the trouble; `reason` is its first cause. */
  raise(what: string, reason: string): void {
    if (this.#open.has(what)) return;
    this.#open.add(what);
    this.#logger.warn({ domain: this.#domain, reason }, `${what}: ${reason}`);
  }

  settle(what: string): void {
    if (!this.#open.delete(what)) return;
    this.#logger.info({ domain: this.#domain }, `${what}: all is well again`);
  }
}
