import { type ReadonlySignal, signal } from '@preact/signals';
import { type ApiProblem, asProblem } from '../api/problem.ts';
import { relayNow } from './clock.ts';

/** What is known of one answer of the API: nothing yet, a value, or why there is none. A value outlives later problems. */
export interface Known<Value> {
  readonly value?: Value;
  /** Relay time of the value, in ms. */
  readonly at?: number;
  /** Of the last request, when it failed. */
  readonly problem?: ApiProblem;
}

export interface Resource<Value> {
  readonly known: ReadonlySignal<Known<Value>>;
  /** Asks; never rejects. While one request runs, at most one more waits. */
  load(): Promise<void>;
  /** For what came by another way. */
  set(value: Value): void;
}

export function resource<Value>(ask: () => Promise<Value>): Resource<Value> {
  const known = signal<Known<Value>>({});
  let running: Promise<void> | undefined;
  let again = false;

  const set = (value: Value): void => {
    known.value = { value, at: relayNow() };
  };

  async function run(): Promise<void> {
    do {
      again = false;
      try {
        set(await ask());
      } catch (error) {
        known.value = { ...known.value, problem: asProblem(error) };
      }
    } while (again);
    running = undefined;
  }

  return {
    known,
    set,
    load() {
      if (running === undefined) running = run();
      else again = true;
      return running;
    },
  };
}
