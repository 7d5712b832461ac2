import { setTimeout as pause } from 'node:timers/promises';

/** Asks until the answer is true. @throws Error when it is not within `deadlineMs` */
export async function until(
  check: () => boolean | Promise<boolean>,
  what: string,
  deadlineMs = 30_000,
): Promise<void> {
  const deadline = performance.now() + deadlineMs;
  while (!(await check())) {
    if (performance.now() >= deadline)
      throw new Error(`Within ${deadlineMs} ms this has not happened: ${what}.`);
    await pause(5);
  }
}
