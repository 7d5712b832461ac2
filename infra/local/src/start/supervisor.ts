import { setTimeout as delay } from 'node:timers/promises';
import type { ChildProcess, Exit } from '../parts/running-process.ts';
import { Refusal } from './refusal.ts';

/** Something that the system consists of, and how to start it; again on the same port when it has died. */
export interface Part {
  readonly name: string;
  start(): Promise<ChildProcess>;
}

export interface SupervisorEvents {
  /** The process of a part is another one than before. */
  onRestart(part: Part, running: ChildProcess): void;
  report(line: string): void;
}

const RESTART_AFTER_MS = 1_000;

/**
 * Keeps parts running, as an orchestrator would: a part that dies is started again after a second.
 *
 *   starting ──▶ steady ──▶ stopping
 *
 * While starting, the death of a part is a reason to give up (`failed`): something is wrong that a restart does not
 * cure. While stopping, nothing is started any more.
 */
export class Supervisor {
  readonly #events: SupervisorEvents;
  readonly #beingStarted = new Set<Promise<unknown>>();
  readonly #running = new Map<string, ChildProcess>();
  readonly #stopping = new AbortController();
  readonly #firstDeath = Promise.withResolvers<never>();
  #phase: 'starting' | 'steady' | 'stopping' = 'starting';

  constructor(events: SupervisorEvents) {
    this.#events = events;
    // Nobody has to listen to it.
    this.#firstDeath.promise.catch(() => {});
  }

  /** Rejects when a part dies while the system starts. */
  get failed(): Promise<never> {
    return this.#firstDeath.promise;
  }

  /** The pid of each part that runs. */
  pids(): ReadonlyMap<string, number> {
    return new Map([...this.#running].map(([name, running]) => [name, running.pid]));
  }

  /** Starts a part, and sees to it from then on. */
  async start(part: Part): Promise<ChildProcess> {
    const starting = part.start();
    this.#beingStarted.add(starting);
    try {
      const running = await starting;
      this.#running.set(part.name, running);
      void this.#restartWhenDead(part, running);
      return running;
    } finally {
      this.#beingStarted.delete(starting);
    }
  }

  /** From now on a part that dies is started again. */
  becomeSteady(): void {
    if (this.#phase === 'starting') this.#phase = 'steady';
  }

  /** Stops the parts of each group at the same time, one group after the other, then whatever is left. */
  async stop(groups: readonly (readonly string[])[]): Promise<void> {
    this.#giveUpRestarts();
    await Promise.allSettled(this.#beingStarted);
    const rest = [...this.#running.keys()].filter((name) => !groups.flat().includes(name));
    for (const group of [...groups, rest]) {
      const running = group.map((name) => this.#running.get(name)).filter((part) => part !== undefined);
      await Promise.all(running.map((part) => part.stop()));
    }
  }

  killAll(): void {
    this.#giveUpRestarts();
    for (const running of this.#running.values()) void running.kill();
  }

  #giveUpRestarts(): void {
    this.#phase = 'stopping';
    this.#stopping.abort();
  }

  async #restartWhenDead(part: Part, running: ChildProcess): Promise<void> {
    const how = describe(await running.exited);
    this.#running.delete(part.name);
    if (this.#phase === 'starting') {
      this.#firstDeath.reject(
        new Refusal(
          `${part.name} ended (${how}) while the system was starting. Its last words:\n${running.tail()}`,
        ),
      );
    }
    if (this.#phase !== 'steady') return;
    this.#events.report(`${part.name} ended (${how}): starting it again`);
    await this.#restart(part);
  }

  async #restart(part: Part): Promise<void> {
    for (;;) {
      try {
        await delay(RESTART_AFTER_MS, undefined, { signal: this.#stopping.signal });
        const running = await this.start(part);
        this.#events.onRestart(part, running);
        this.#events.report(`${part.name} is back`);
        return;
      } catch (error) {
        if (this.#stopping.signal.aborted) return;
        this.#events.report(
          `${part.name} could not be started again: ${error instanceof Error ? error.message : String(error)}`,
        );
      }
    }
  }
}

function describe({ code, signal }: Exit): string {
  return signal ?? `code ${code}`;
}
