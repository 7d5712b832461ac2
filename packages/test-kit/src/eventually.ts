import { setTimeout as delay } from 'node:timers/promises';

type Awaitable<T> = T | Promise<T>;

export interface EventuallyOptions {
  /** What is waited for: '… has not happened: WHAT'. */
  readonly what: string;
  readonly deadlineMs?: number;
}

/**
 * Waits for a condition: calls `check` until it passes, and returns what it returned. It has not passed yet
 * while it throws (an assertion) or returns something falsy. A check that returns nothing passes by not
 * throwing; therefore one that may return undefined, as `find` does, is refused by the type: write
 * `find(…) ?? null`.
 *
 * @throws Error saying what was waited for and how the last check failed, after `deadlineMs` (default 10 000)
 */
export async function eventually<T>(
  check: () => Awaitable<T>,
  options: undefined extends T ? ([T] extends [void] ? EventuallyOptions : never) : EventuallyOptions,
): Promise<Exclude<T, false | null | 0 | ''>> {
  const { what, deadlineMs = 10_000 }: EventuallyOptions = options;
  const deadline = performance.now() + deadlineMs;
  for (let pauseMs = 2; ; pauseMs = Math.min(pauseMs * 1.5, 50)) {
    const outcome = await attempt(check, deadline - performance.now());
    if ('value' in outcome && (outcome.value === undefined || outcome.value)) {
      return outcome.value as Exclude<T, false | null | 0 | ''>;
    }
    if (performance.now() >= deadline) throw tooLate(what, deadlineMs, outcome);
    await delay(pauseMs);
  }
}

type Outcome<T> = { value: T } | { error: unknown } | { hangs: true };

async function attempt<T>(check: () => Awaitable<T>, withinMs: number): Promise<Outcome<T>> {
  const timer = new AbortController();
  const checking = (async (): Promise<Outcome<T>> => {
    try {
      return { value: await check() };
    } catch (error) {
      return { error };
    }
  })();
  const late = delay(Math.max(withinMs, 0), { hangs: true } as const, { signal: timer.signal }).catch(
    () => ({ hangs: true }) as const,
  );
  const outcome = await Promise.race([checking, late]);
  timer.abort();
  return outcome;
}

function tooLate(what: string, deadlineMs: number, outcome: Outcome<unknown>): Error {
  const message = `Within ${deadlineMs} ms this has not happened: ${what}.`;
  if ('hangs' in outcome) return new Error(`${message} The last check did not finish.`);
  if ('value' in outcome) return new Error(`${message} The last check returned ${String(outcome.value)}.`);
  const { error } = outcome;
  const reason = error instanceof Error ? error.message : String(error);
  return new Error(`${message} The last check failed: ${reason}`, { cause: error });
}
