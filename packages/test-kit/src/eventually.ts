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
  let before: Outcome<unknown> | undefined;
  for (let pauseMs = 2; ; pauseMs = Math.min(pauseMs * 1.5, 50)) {
    const outcome = await attempt(check, deadline - performance.now());
    if ('value' in outcome && (outcome.value === undefined || outcome.value)) {
      return outcome.value as Exclude<T, false | null | 0 | ''>;
    }
    if (performance.now() >= deadline) throw tooLate(what, deadlineMs, outcome, before);
    before = outcome;
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

/** @param before what came of the check before the last: it tells more than that the deadline cut the last one short */
function tooLate(what: string, deadlineMs: number, last: Outcome<unknown>, before?: Outcome<unknown>): Error {
  const message = `Within ${deadlineMs} ms this has not happened: ${what}.`;
  if (!('hangs' in last)) return new Error(`${message} The last check ${describe(last)}`, causeOf(last));
  if (before === undefined) return new Error(`${message} The last check did not finish.`);
  return new Error(
    `${message} The last check did not finish; the one before ${describe(before)}`,
    causeOf(before),
  );
}

function describe(outcome: Outcome<unknown>): string {
  if ('hangs' in outcome) return 'did not finish.';
  if ('value' in outcome) return `returned ${String(outcome.value)}.`;
  const { error } = outcome;
  return `failed: ${error instanceof Error ? error.message : String(error)}`;
}

function causeOf(outcome: Outcome<unknown>): ErrorOptions | undefined {
  return 'error' in outcome ? { cause: outcome.error } : undefined;
}
