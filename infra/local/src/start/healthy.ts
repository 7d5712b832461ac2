import { setTimeout as delay } from 'node:timers/promises';
import { Refusal } from './refusal.ts';

const ASK_EVERY_MS = 50;
const ONE_ANSWER_WITHIN_MS = 2_000;
const HEALTHY_WITHIN_MS = 60_000;

/**
 * Waits until every URL answers 200.
 *
 * @throws Refusal when one does not for a minute; the signal's reason when it aborts.
 */
export async function untilHealthy(urls: ReadonlyMap<string, string>, signal: AbortSignal): Promise<void> {
  const deadline = AbortSignal.timeout(HEALTHY_WITHIN_MS);
  await Promise.all(
    [...urls].map(([name, url]) => untilOk(name, url, AbortSignal.any([signal, deadline]), deadline)),
  );
}

async function untilOk(name: string, url: string, signal: AbortSignal, deadline: AbortSignal): Promise<void> {
  let last = 'no answer';
  while (!signal.aborted) {
    try {
      const response = await fetch(url, {
        signal: AbortSignal.any([signal, AbortSignal.timeout(ONE_ANSWER_WITHIN_MS)]),
      });
      if (response.ok) return;
      last = `${response.status} ${await response.text()}`;
    } catch (error) {
      last = error instanceof Error && error.cause instanceof Error ? error.cause.message : String(error);
    }
    await delay(ASK_EVERY_MS);
  }
  if (!deadline.aborted) signal.throwIfAborted();
  throw new Refusal(`${name} was not ready after ${HEALTHY_WITHIN_MS / 1000} s (${url}: ${last}).`);
}
