import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { checkRun } from '../checker/check.ts';
import { recordedRun } from '../checker/recorded-run.ts';
import type { RunSummary } from '../contract.ts';
import { readHistory } from '../history/read-history.ts';
import { exemptions } from './exemptions.ts';
import { lackOf } from './shown.ts';

/**
 * Judges the histories that were kept anywhere below a folder again, in the order in which they were begun. A history that is
 * still being written is judged as far as it has come, if it has begun. `onJudged` is told of each.
 *
 * @throws when there is no such folder, or a history is broken
 */
export async function judgeFolder(
  folder: string,
  onJudged: (summary: RunSummary) => void,
): Promise<readonly RunSummary[]> {
  const names = await readdir(folder, { recursive: true });
  const begun = await Promise.all(
    names
      .filter((name) => name.endsWith('.ndjson'))
      .map(async (name) => ({ file: join(folder, name), startedAt: await startOf(join(folder, name)) })),
  );
  const summaries: RunSummary[] = [];
  for (const { file } of begun
    .filter(({ startedAt }) => startedAt !== '')
    .toSorted((one, other) => one.startedAt.localeCompare(other.startedAt))) {
    const summary = await judged(file);
    summaries.push(summary);
    onJudged(summary);
  }
  return summaries;
}

/** ISO 8601; empty when the history has not got that far. */
async function startOf(file: string): Promise<string> {
  for await (const record of readHistory(file)) return record.t === 'run' ? record.startedAt : '';
  return '';
}

async function judged(historyFile: string): Promise<RunSummary> {
  const recorded = await recordedRun(readHistory(historyFile));
  const injected = recorded.faults.filter(({ phase }) => phase === 'injected').map(({ name }) => name);
  const verdict = checkRun(recorded, { exemptions });
  const nothingShown = lackOf(verdict);
  return {
    faults: [...new Set(injected)],
    seed: recorded.run?.seed ?? 0,
    seconds: recorded.run?.seconds ?? 0,
    historyFile,
    verdict,
    ...(nothingShown === undefined ? {} : { nothingShown }),
  };
}
