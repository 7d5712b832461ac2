import { setTimeout as delay } from 'node:timers/promises';

/**
 * Does something again and again in the background until it is stopped. It may fail, as the server that it is done to may be
 * gone at that moment.
 */
export function repeat(everyMs: number, act: () => Promise<void>): { stop(): Promise<void> } {
  const stopped = new AbortController();
  const run = async (): Promise<void> => {
    while (!stopped.signal.aborted) {
      await act().catch(() => {});
      await delay(everyMs, undefined, { signal: stopped.signal }).catch(() => {});
    }
  };
  const running = run();
  return {
    async stop() {
      stopped.abort();
      await running;
    },
  };
}
