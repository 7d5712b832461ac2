/**
 * What became of one batch.
 * - `drained`: its rows are applied; `full` when more of them may be due.
 * - `standing-still`: no blessed Redis, or one under another blessing. The rows are due as before.
 * - `failed`: the rows wait for another attempt in `delayMs`, which is shown in the trace of the first that has one.
 *
 * `dead` of its rows became dead letters in any case.
 */
export type DrainOutcome = { dead: number } & (
  | { kind: 'drained'; applied: readonly { latencyMs: number }[]; full: boolean }
  | { kind: 'standing-still'; why: string }
  | { kind: 'failed'; ids: string[]; delayMs: number; error: Error; traceparent: string | undefined }
);
