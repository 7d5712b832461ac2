import { signal } from '@preact/signals';
import type { Credentials } from '../api/client.ts';

/** Something that changes what caches hold, and so is asked about before it is done. */
export interface Action {
  readonly title: string;
  /** What will happen, in a sentence. */
  readonly effect: string;
  /** What it is done to, one line each. */
  readonly subjects: readonly string[];
  /** On the button: `Invalidate`. */
  readonly verb: string;
  /** Said afterwards. */
  readonly done: string;
  perform(reason: string, by: Credentials): Promise<unknown>;
}

/** The action that waits for the operator's word. */
export const proposed = signal<Action | null>(null);

/** The last thing that was done, said aloud and shown for a while. */
export const notice = signal('');

export function propose(action: Action): void {
  notice.value = '';
  proposed.value = action;
}
