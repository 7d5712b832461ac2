import type { Random } from '../random.ts';
import type { Capability, SystemUnderTest } from '../system/system-under-test.ts';

export interface FaultContext {
  readonly system: SystemUnderTest;
  readonly random: Random;
  /** How long a fault that lasts should last. */
  readonly windowMs: number;
  /** Aborts when the run is broken off. */
  readonly signal: AbortSignal;
}

/** A fault that was sent on its way. */
export interface Injected {
  /**
   * Waits until the fault has had its effect, and says in a sentence how that was seen.
   * @throws when it has not: then the run has proven nothing
   */
  evidence(): Promise<string>;
  /** Takes back whatever still lasts, also when the evidence is missing. Called again when it failed. */
  heal(): Promise<void>;
  /** Replicas that have no way to prove their memory fresh while it lasts. */
  readonly unproven?: readonly string[];
}

export interface Fault {
  readonly name: string;
  /** What is done, in one line. */
  readonly about: string;
  readonly needs: readonly Capability[];
  /** Over as soon as it has fired; what follows is the system's own recovery. Without it the fault lasts for the window. */
  readonly momentary?: boolean;
  /** Injects it at once; whatever was begun is taken back when this rejects. */
  inject(context: FaultContext): Promise<Injected>;
}

export const nothingToHeal = (): Promise<void> => Promise.resolve();
