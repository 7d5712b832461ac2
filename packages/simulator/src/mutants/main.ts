import { spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { type Mutant, mutants } from './mutants.ts';

interface Hunt {
  found: string | null;
  seed: number;
  schedules: number;
  seconds: number;
}

const SECONDS = 60;

const chosen = process.argv.slice(2);
const hunted = mutants.filter(({ name }) => chosen.length === 0 || chosen.includes(name));
const results = new Map<Mutant, Hunt | { error: string }>();
const waiting = [...hunted];
await Promise.all(Array.from({ length: availableParallelism() }, work));

console.log(row('mutant', 'rule', 'gives', 'caught by', 'seed', 'schedules', 'seconds'));
for (const mutant of hunted) {
  const result = results.get(mutant);
  if (result === undefined || 'error' in result)
    console.log(row(mutant.name, mutant.rule, mutant.guarantee, 'BROKEN', '', '', ''), result?.error);
  else {
    const { found, seed, schedules, seconds } = result;
    console.log(
      row(
        mutant.name,
        mutant.rule,
        mutant.guarantee,
        found ?? 'NOT CAUGHT',
        found === null ? '' : seed,
        schedules,
        seconds,
      ),
    );
  }
}
const missed = hunted.filter((mutant) => {
  const result = results.get(mutant);
  return result === undefined || 'error' in result || result.found === null;
});
console.log(`${hunted.length - missed.length} of ${hunted.length} mutants were caught.`);
process.exitCode = missed.length === 0 ? 0 : 1;

async function work(): Promise<void> {
  for (;;) {
    const mutant = waiting.shift();
    if (mutant === undefined) return;
    results.set(mutant, await hunt(mutant));
  }
}

function hunt(mutant: Mutant): Promise<Hunt | { error: string }> {
  const path = (file: string): string => fileURLToPath(new URL(file, import.meta.url));
  const child = spawn(
    process.execPath,
    [
      '--conditions=@freshet/source',
      '--import',
      new URL('mutate.ts', import.meta.url).href,
      path('hunt.ts'),
      String(SECONDS),
    ],
    { env: { ...process.env, FRESHET_MUTANT: mutant.name }, stdio: ['ignore', 'pipe', 'pipe'] },
  );
  process.once('exit', () => child.kill('SIGKILL'));
  let output = '';
  let errors = '';
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    errors += chunk.toString();
  });
  return new Promise((resolve) => {
    child.on('close', (code) => {
      if (code === 0) resolve(JSON.parse(output) as Hunt);
      else resolve({ error: errors.trim().split('\n').slice(0, 12).join('\n') });
    });
  });
}

function row(...cells: (string | number)[]): string {
  const widths = [38, 72, 6, 20, 8, 10, 8];
  return cells
    .map((cell, index) =>
      String(cell)
        .slice(0, (widths[index] ?? 10) - 1)
        .padEnd(widths[index] ?? 10),
    )
    .join('')
    .trimEnd();
}
