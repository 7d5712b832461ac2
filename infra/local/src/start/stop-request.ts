export interface StopRequest {
  /** Why to stop: aborts at the first signal, or when the parent has died. */
  readonly signal: AbortSignal;
  /** Is called when somebody insists: Ctrl-C once more. A second SIGTERM says nothing new, and comes by itself when a terminal is closed. */
  onInsist(listener: () => void): void;
  /** Stops listening. */
  release(): void;
}

const PARENT_CHECK_MS = 250;

/** Ctrl-C, SIGTERM, SIGHUP, or the death of the parent, which sends no signal: `kill` on npm reaches nobody else. */
export function listenForStop(): StopRequest {
  const controller = new AbortController();
  const insisters: (() => void)[] = [];
  const onSignal = (name: NodeJS.Signals) => {
    if (!controller.signal.aborted) controller.abort(name);
    else if (name === 'SIGINT') for (const insist of insisters) insist();
  };
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const name of signals) process.on(name, onSignal);

  const parent = process.ppid;
  const watch = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(watch);
    if (!controller.signal.aborted) controller.abort('its parent has died');
  }, PARENT_CHECK_MS);

  return {
    signal: controller.signal,
    onInsist: (listener) => {
      insisters.push(listener);
    },
    release() {
      clearInterval(watch);
      for (const name of signals) process.off(name, onSignal);
    },
  };
}
