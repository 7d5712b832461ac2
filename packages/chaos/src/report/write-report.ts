import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { RunSummary } from '../contract.ts';

/** Writes what came of the runs into a folder. */
export async function writeReport(runs: readonly RunSummary[], folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'runs.json'), `${JSON.stringify(runs, null, 2)}\n`);
}
