import { setTimeout as delay } from 'node:timers/promises';
import { LocalError } from './local-error.ts';
import type { ChildProcess, Exit } from './running-process.ts';

/** A process is ready when a line of its output matches, or when the probe resolves. */
export type Readiness =
  | { readonly line: (line: string) => boolean }
  | { readonly probe: () => Promise<unknown> };

/** Calls the listener for each line to come, until the signal is aborted. */
type Listen = (listener: (line: string) => void, signal: AbortSignal) => void;

/**
 * Waits until a process is ready, and ends it when that does not come about.
 *
 * @throws LocalError FRESHET_LOCAL_EXITED_EARLY, FRESHET_LOCAL_NOT_READY
 */
export async function waitUntilReady(
  child: ChildProcess,
  readiness: Readiness,
  withinMs: number,
  listen: Listen,
): Promise<void> {
  const waiting = new AbortController();
  const { signal } = waiting;
  const isReady =
    'line' in readiness ? matchingLine(readiness.line, listen, signal) : probing(readiness.probe, signal);
  const outcome = await Promise.race([
    isReady.then(() => 'ready' as const),
    child.exited,
    delay(withinMs, 'late' as const, { signal }),
  ]);
  waiting.abort();
  if (outcome === 'ready') return;
  await child.kill();
  await child.stop();
  throw notReady(child, outcome, withinMs);
}

function matchingLine(
  matches: (line: string) => boolean,
  listen: Listen,
  signal: AbortSignal,
): Promise<void> {
  return new Promise((resolve) => {
    listen((line) => {
      if (matches(line)) resolve();
    }, signal);
  });
}

async function probing(probe: () => Promise<unknown>, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    try {
      await probe();
      return;
    } catch {
      await delay(25);
    }
  }
}

function notReady(child: ChildProcess, outcome: 'late' | Exit, withinMs: number): LocalError {
  const output = child.tail().trim();
  const said = output === '' ? 'It printed nothing.' : `Its last output:\n${output}`;
  if (outcome === 'late') {
    const what = `${child.name} was not ready after ${withinMs} ms and was stopped.`;
    return new LocalError('FRESHET_LOCAL_NOT_READY', `${what} ${said}`);
  }
  const how = outcome.signal ? `was killed by ${outcome.signal}` : `exited with code ${outcome.code}`;
  return new LocalError('FRESHET_LOCAL_EXITED_EARLY', `${child.name} ${how} before it was ready. ${said}`);
}
