import type { Findings } from './findings.ts';
import type { KeyHistory } from './recorded-run.ts';
import { isDeletion } from './rows.ts';
import type { Timeline } from './timeline.ts';

/** In the end Postgres holds no state older than any write that was answered. */
export function checkLostWrites(history: KeyHistory, timeline: Timeline, findings: Findings): void {
  const { kind, key, operations, held } = history;
  const stored = held.find(({ place }) => place === 'postgres');
  if (stored === undefined) return;
  const last = stored.version === null ? timeline.lastGapAt(stored.at) : timeline.positionOf(stored.version);
  for (const write of operations) {
    if (write.op === 'read' || write.outcome !== 'ok' || write.version === null) continue;
    findings.judged(write);
    const position = timeline.positionOf(write.version);
    if (position === undefined || (last !== undefined && position <= last)) continue;
    const what = isDeletion(write) ? 'the deletion' : 'a write';
    findings.violated(
      `${what} of ${kind} ${key} was answered with version ${write.version}, and Postgres holds ${stored.version ?? 'no row'} in the end`,
      write,
    );
  }
}
