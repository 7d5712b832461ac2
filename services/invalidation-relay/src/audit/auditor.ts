import { Complaints } from '../domain/complaints.ts';
import { Loop } from '../domain/loop.ts';
import { reasonOf } from '../domain/reason-of.ts';
import { Audit, type AuditDependencies } from './audit.ts';
import { AuditBoard, PLACE_MS } from './audit-board.ts';
import { type AuditCounters, countAudit } from './audit-metrics.ts';

export interface AuditorOptions extends Omit<AuditDependencies, 'counters' | 'keysPerRound'> {
  /** Unique for each process. */
  self: string;
  /** Its name. */
  instance: string;
  /** 0: no audit. */
  keysPerSecond: number;
}

const ROUND_MS = 1_000;
/** While no finding comes or goes, the other relays are told how it stands so often. */
const TELL_EVERY_MS = 3_000;

/**
 * Audits a domain while no other relay does. Standing by ⇄ auditing: whoever takes the place first holds it, for as long as it
 * keeps saying so; when it dies, another takes it after ten seconds, and goes on from what it has written.
 */
export class Auditor {
  readonly #options: AuditorOptions;
  readonly #board: AuditBoard;
  readonly #counters: AuditCounters;
  readonly #complaints: Complaints;
  #audit: Audit | null = null;
  #loop: Loop | null = null;
  #toldAt = Number.NEGATIVE_INFINITY;
  /** When the place was last taken or kept. */
  #keptAt = Number.NEGATIVE_INFINITY;

  constructor(options: AuditorOptions) {
    const { domain, inspection, logger } = options;
    this.#options = options;
    this.#board = new AuditBoard(inspection.redis, domain);
    this.#complaints = new Complaints(domain, logger);
    this.#counters = countAudit(domain, () => (this.#mayHavePlace ? (this.#audit?.gauges ?? null) : null));
  }

  start(): void {
    const { clock, keysPerSecond } = this.#options;
    if (keysPerSecond === 0) return;
    this.#loop = new Loop({
      clock,
      everyMs: ROUND_MS,
      run: async () => {
        await this.#run();
        this.#complaints.settle('audit');
      },
      onError: (error) => this.#complaints.raise('audit', reasonOf(error)),
    });
  }

  /** Leaves the place to another relay. */
  async stop(): Promise<void> {
    await this.#loop?.stop();
    this.#counters.stop();
    if (this.#audit === null || !this.#mayHavePlace) return;
    // Best effort: it is free in ten seconds anyway.
    await this.#tell(this.#audit).catch(() => {});
    await this.#board.leave(this.#options.self).catch(() => {});
    this.#audit = null;
  }

  async #run(): Promise<void> {
    const { clock, self, inspection } = this.#options;
    if (!this.#mayHavePlace) this.#audit = null;
    // The relay itself says that Redis is away.
    if (inspection.redis.status !== 'ready') return;
    const asked = clock.monotonicMs();
    if (!(await this.#board.take(self))) {
      this.#audit = null;
      return;
    }
    this.#keptAt = asked;
    const audit = (this.#audit ??= await this.#takeOver());
    const begun = clock.monotonicMs();
    const changed = await audit.round();
    const now = clock.monotonicMs();
    this.#counters.took(now - begun);
    if (!this.#mayHavePlace) return;
    if (changed || now - this.#toldAt > TELL_EVERY_MS) await this.#tell(audit);
  }

  /** False once another relay may have taken it: what this one knows is then no longer how it stands. */
  get #mayHavePlace(): boolean {
    return this.#options.clock.monotonicMs() - this.#keptAt <= PLACE_MS;
  }

  async #takeOver(): Promise<Audit> {
    const audit = new Audit({
      ...this.#options,
      keysPerRound: this.#options.keysPerSecond,
      counters: this.#counters,
    });
    const before = await this.#board.read();
    if (before !== null) audit.restore(before);
    return audit;
  }

  async #tell({ content }: Audit): Promise<void> {
    await this.#board.write({ auditor: this.#options.instance, ...content });
    this.#toldAt = this.#options.clock.monotonicMs();
  }
}
