import { type ChildProcess, fork } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { add, nothingRun, type Range, type RangeResult } from './range.ts';

const SEEDS_AT_ONCE = 100;
/** More would only repeat the same story. */
const ENOUGH_FAILURES = 10;

/** Runs schedules in as many processes as there are processors. `onProgress` is told the totals so far. */
export async function runSeeds(
  { from, count }: Range,
  onProgress: (totals: RangeResult) => void = () => {},
  workers = availableParallelism(),
): Promise<RangeResult> {
  const totals = nothingRun();
  let next = from;
  const work = async (): Promise<void> => {
    const child = fork(fileURLToPath(new URL('worker.ts', import.meta.url)), {
      execArgv: ['--conditions=@freshet/source'],
    });
    const die = (): boolean => child.kill('SIGKILL');
    process.once('exit', die);
    try {
      while (next < from + count && totals.failures.length < ENOUGH_FAILURES) {
        const range = { from: next, count: Math.min(SEEDS_AT_ONCE, from + count - next) };
        next += range.count;
        add(totals, await ask(child, range));
        onProgress(totals);
      }
    } finally {
      process.off('exit', die);
      child.kill();
    }
  };
  await Promise.all(Array.from({ length: workers }, work));
  return totals;
}

function ask(child: ChildProcess, range: Range): Promise<RangeResult> {
  return new Promise((resolve, reject) => {
    const died = (code: number | null): void =>
      reject(
        new Error(
          `A process died (exit ${code}) while it ran seeds ${range.from} to ${range.from + range.count - 1}.`,
        ),
      );
    child.once('exit', died);
    child.once('message', (result) => {
      child.off('exit', died);
      resolve(result as RangeResult);
    });
    child.send(range);
  });
}
