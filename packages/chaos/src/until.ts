import { setTimeout as delay } from 'node:timers/promises';

const LOOK_EVERY_MS = 50;

/**
 * Waits for a condition. A check that throws has not passed yet.
 *
 * @throws after `withinMs`, with what was waited for and why the last check failed
 */
export async function untilTrue(
  what: string,
  withinMs: number,
  check: () => boolean | Promise<boolean>,
): Promise<void> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    let reason = '';
    try {
      if (await check()) return;
    } catch (error) {
      reason = error instanceof Error ? `: ${error.message}` : `: ${String(error)}`;
    }
    if (performance.now() >= deadline) throw new Error(`Not within ${withinMs / 1_000} s: ${what}${reason}`);
    await delay(LOOK_EVERY_MS);
  }
}
