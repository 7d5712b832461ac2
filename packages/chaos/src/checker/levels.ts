import type { LevelProbe } from '../contract.ts';
import type { Findings } from './findings.ts';
import type { RecordedRun } from './recorded-run.ts';

/** How far above its level before something may be afterwards: so many times as much, and so much more. */
const SLACK: Readonly<Record<LevelProbe['measure'], { readonly times: number; readonly more: number }>> = {
  // Garbage collectors give memory back late, and a process that was started anew has not grown yet.
  memory: { times: 1.5, more: 64 * 1024 * 1024 },
  // Pools of connections grow as they are needed, and shrink late.
  connections: { times: 1.25, more: 20 },
  timers: { times: 1.5, more: 20 },
};

/** Memory, connections and timers come back to where they were. */
export function checkLevels({ probes }: RecordedRun, findings: Findings): void {
  const levels = probes.filter((probe) => probe.what === 'level');
  const before = new Map(levels.filter(({ when }) => when === 'before').map((one) => [nameOf(one), one]));
  for (const after of levels.filter(({ when }) => when === 'after')) {
    const level = before.get(nameOf(after));
    if (level === undefined) continue;
    findings.judged();
    const { times, more } = SLACK[after.measure];
    findings.measured(after.value / Math.max(level.value, 1));
    if (after.value > level.value * times + more)
      findings.violated(`${after.measure} of ${after.process} went from ${level.value} to ${after.value}`);
  }
}

function nameOf({ process, measure }: LevelProbe): string {
  return `${process} ${measure}`;
}
