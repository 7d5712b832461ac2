export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface ChildProcess {
  readonly name: string;
  readonly pid: number;
  /** Resolves when the process is gone and its output was read. */
  readonly exited: Promise<Exit>;
  /** The last lines of its output. */
  readonly tail: () => string;
  /** Sends it a signal (default SIGKILL). After SIGKILL it resolves when the process is gone, else at once. */
  readonly kill: (signal?: NodeJS.Signals) => Promise<void>;
  /**
   * Stop signal, then SIGKILL after the deadline, also to whatever is left of its process group; then its
   * temporary folder goes. Also for a process that has died: to clean up after it.
   */
  readonly stop: () => Promise<Exit>;
}
