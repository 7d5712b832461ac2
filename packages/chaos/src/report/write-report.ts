import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { recordedRun } from '../checker/recorded-run.ts';
import type { RunSummary, Shortfalls } from '../contract.ts';
import { readHistory } from '../history/read-history.ts';
import { faults } from '../faults/index.ts';
import { chartOf } from './chart.ts';
import { documentOf } from './document.ts';
import { nameOf, PEACE } from './run-name.ts';
import { seriesOf } from './series.ts';
import { readReport, withRuns } from './stored-report.ts';

const FINDINGS = fileURLToPath(new URL('../../findings.md', import.meta.url));
/** Below the folder of the report. */
const CHARTS = 'images/chaos';

/**
 * Writes `chaos-report.md` into a folder, with what it was made of in `chaos-report.json` and a chart of each single fault in
 * `images/chaos/`. A whole matrix replaces that of the last time; fewer runs replace those of the same faults, and planted bugs those
 * of the same name.
 */
export async function writeReport(
  runs: readonly RunSummary[],
  folder: string,
  shortfalls?: Shortfalls,
): Promise<void> {
  const stored = join(folder, 'chaos-report.json');
  const charts = join(folder, CHARTS);
  const report = withRuns(await readReport(stored), runs, new Date(), shortfalls);
  const matrix = runs.filter(({ mutant }) => mutant === undefined);
  if (matrix.some((run) => nameOf(run) === PEACE)) await rm(charts, { recursive: true, force: true });
  await mkdir(charts, { recursive: true });
  await drawCharts(matrix, charts);
  await writeFile(stored, `${JSON.stringify(report, null, 1)}\n`);
  const files = (await readdir(charts)).map(
    (file) => [file.replace('.svg', ''), `${CHARTS}/${file}`] as const,
  );
  const document = documentOf({
    report,
    findings: await readFile(FINDINGS, 'utf8'),
    about: new Map(faults.map(({ name, about }) => [name, about])),
    charts: new Map(files),
  });
  await writeFile(join(folder, 'chaos-report.md'), document);
}

/** Of each single fault the first run: of pairs there would be too many. */
async function drawCharts(runs: readonly RunSummary[], folder: string): Promise<void> {
  const drawn = new Set<string>();
  for (const run of runs) {
    const name = nameOf(run);
    if (run.faults.length > 1 || drawn.has(name)) continue;
    drawn.add(name);
    const series = seriesOf(await recordedRun(readHistory(run.historyFile)));
    await writeFile(join(folder, `${name}.svg`), await chartOf(series, name));
  }
}
