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
  let finished: Finished<unknown> | undefined;
  for (let pauseMs = 2; ; pauseMs = Math.min(pauseMs * 1.5, 50)) {
    const outcome = await attempt(check, deadline - performance.now());
    if ('value' in outcome && (outcome.value === undefined || outcome.value)) {
      return outcome.value as Exclude<T, false | null | 0 | ''>;
    }
    if (performance.now() >= deadline) throw tooLate(what, deadlineMs, outcome, finished);
    if (!('hangs' in outcome)) finished = outcome;
    await delay(pauseMs);
  }
}

type Finished<T> = { value: T } | { error: unknown };
type Outcome<T> = Finished<T> | { hangs: true };

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

/** @param finished the last check that came to an end: it tells more than that the deadline cut the last one short */
function tooLate(
  what: string,
  deadlineMs: number,
  last: Outcome<unknown>,
  finished: Finished<unknown> | undefined,
): Error {
  const message = `Within ${deadlineMs} ms this has not happened: ${what}.`;
  if (!('hangs' in last)) return new Error(`${message} The last check ${describe(last)}`, causeOf(last));
  if (finished === undefined) return new Error(`${message} The last check did not finish.`);
  return new Error(
    `${message} The last check did not finish; the one before ${describe(finished)}`,
    causeOf(finished),
  );
}

function describe(outcome: Finished<unknown>): string {
  if ('value' in outcome) return `returned ${String(outcome.value)}.`;
  const { error } = outcome;
  return `failed: ${error instanceof Error ? error.message : String(error)}`;
}

function causeOf(outcome: Finished<unknown>): ErrorOptions | undefined {
  return 'error' in outcome ? { cause: outcome.error } : undefined;
}
