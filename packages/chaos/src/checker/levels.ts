import type { LevelProbe } from '../contract.ts';
import type { Findings } from './findings.ts';
import type { RecordedRun } from './recorded-run.ts';

/** How far above its level before something may be afterwards: so many times as much, and so much more. */
const SLACK: Readonly<Record<LevelProbe['measure'], { readonly times: number; readonly more: number }>> = {
  // Garbage collectors give memory back late, and a process that was started anew has not grown yet: under load it goes from
  // 180 MB to 366 MB in five runs, and stays there.
  memory: { times: 2, more: 128 * 1024 * 1024 },
  // Pools of connections grow as they are needed, and shrink late.
  connections: { times: 1.25, more: 20 },
  timers: { times: 1.5, more: 20 },
};

/** Memory, connections and timers come back to where they were before the run, and before the first run of the same process. */
export function checkLevels({ probes }: RecordedRun, findings: Findings): void {
  const levels = probes.filter((probe) => probe.what === 'level');
  const after = new Map(levels.filter(({ when }) => when === 'after').map((one) => [nameOf(one), one]));
  for (const level of levels.filter(({ when }) => when !== 'after')) {
    const then = after.get(nameOf(level));
    if (then === undefined) continue;
    findings.judged();
    const { times, more } = SLACK[then.measure];
    findings.measured(then.value / Math.max(level.value, 1));
    if (then.value > level.value * times + more)
      findings.violated(
        `${then.measure} of ${then.process} went from ${level.value} to ${then.value}` +
          (level.when === 'first' ? ' since its first run' : ''),
      );
  }
}

function nameOf({ process, measure }: LevelProbe): string {
  return `${process} ${measure}`;
}
