import { withoutCredentials } from '../log/redact.ts';

/** Whether a service should get requests, and how it serves them. */
export type Readiness =
  | {
      readonly ready: true /** How it serves: 'l1', 'degraded', … */;
      readonly mode?: string;
      readonly [detail: string]: unknown;
    }
  | {
      readonly ready: false /** Why not, for the operator. */;
      readonly reason: string;
      readonly [detail: string]: unknown;
    };

export type ReadinessCheck = () => Readiness | Promise<Readiness>;

/** Runs `check`; what throws or takes longer than `deadlineMs` is not ready. */
export async function readinessOf(check: ReadinessCheck, deadlineMs = 1000): Promise<Readiness> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<Readiness>((resolve) => {
    timer = setTimeout(
      () => resolve({ ready: false, reason: `the check took longer than ${deadlineMs} ms` }),
      deadlineMs,
    );
  });
  try {
    return await Promise.race([check(), late]);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { ready: false, reason: withoutCredentials(reason) };
  } finally {
    clearTimeout(timer);
  }
}
