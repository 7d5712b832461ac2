import { spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { type Mutant, mutants } from './mutants.ts';

/** What came of leaving one safeguard out. */
type Verdict =
  | { kind: 'caught'; by: string; after: string }
  | { kind: 'missed'; after: string }
  | { kind: 'broken'; error: string };

const SECONDS = Number(process.env['FRESHET_HUNT_SECONDS'] ?? 60);
const ROOT = fileURLToPath(new URL('../../../../', import.meta.url));

const chosen = process.argv.slice(2);
const hunted = mutants.filter(({ name }) => chosen.length === 0 || chosen.includes(name));
const verdicts = new Map<Mutant, Verdict>();
const waiting = [...hunted];
const children = new Set<{ kill: (signal: 'SIGKILL') => boolean }>();
process.once('exit', () => {
  for (const child of children) child.kill('SIGKILL');
});

await Promise.all(Array.from({ length: availableParallelism() }, work));
for (const line of table()) console.log(line);
const missed = hunted.filter((mutant) => !isFine(mutant));
console.log(
  `${hunted.length} mutants: ${hunted.length - missed.length} as they should be, ${missed.length} not.`,
);
process.exitCode = missed.length === 0 ? 0 : 1;

async function work(): Promise<void> {
  for (let mutant = waiting.shift(); mutant !== undefined; mutant = waiting.shift()) {
    const hunt = await huntSchedules(mutant);
    verdicts.set(
      mutant,
      hunt.kind === 'missed' && mutant.test !== undefined ? await runTest(mutant, mutant.test) : hunt,
    );
    if (process.stderr.isTTY) process.stderr.write(`\r${verdicts.size} of ${hunted.length} mutants`);
  }
}

async function huntSchedules(mutant: Mutant): Promise<Verdict> {
  if (mutant.bySchedules === false) return { kind: 'missed', after: 'no schedules' };
  const hook = new URL('mutate.ts', import.meta.url).href;
  const hunter = fileURLToPath(new URL('hunt.ts', import.meta.url));
  const { code, output, errors } = await run(mutant, [
    '--conditions=@freshet/source',
    '--import',
    hook,
    hunter,
    String(SECONDS),
  ]);
  if (code !== 0) return { kind: 'broken', error: errors };
  const { found, seed, schedules, seconds } = JSON.parse(output) as Hunt;
  const after = `${schedules} schedules, ${seconds} s`;
  return found === null ? { kind: 'missed', after } : { kind: 'caught', by: `${found}, seed ${seed}`, after };
}

interface Hunt {
  found: string | null;
  seed: number;
  schedules: number;
  seconds: number;
}

async function runTest(mutant: Mutant, { file, title }: { file: string; title: string }): Promise<Verdict> {
  const vitest = `${ROOT}node_modules/vitest/vitest.mjs`;
  const startedAt = performance.now();
  const { code, output, errors } = await run(mutant, [vitest, 'run', file, '-t', title, '--no-color']);
  const after = `${((performance.now() - startedAt) / 1_000).toFixed(1)} s`;
  if (/Tests .* failed/.test(output)) return { kind: 'caught', by: `test: ${title}`, after };
  return code === 0 ? { kind: 'missed', after } : { kind: 'broken', error: errors || output };
}

function run(
  mutant: Mutant,
  args: string[],
): Promise<{ code: number | null; output: string; errors: string }> {
  const child = spawn(process.execPath, args, {
    cwd: ROOT,
    env: { ...process.env, FRESHET_MUTANT: mutant.name },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  children.add(child);
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
      children.delete(child);
      resolve({ code, output, errors });
    });
  });
}

function isFine(mutant: Mutant): boolean {
  const kind = verdicts.get(mutant)?.kind;
  return kind === 'caught' || (kind === 'missed' && mutant.redundant !== undefined);
}

function* table(): Generator<string> {
  yield row('mutant', 'rule that it leaves out', 'gives', 'caught by', 'after');
  for (const mutant of hunted) {
    const { name, rule, guarantee, redundant } = mutant;
    const verdict = verdicts.get(mutant);
    const after = verdict === undefined || verdict.kind === 'broken' ? '' : verdict.after;
    const by =
      verdict?.kind === 'caught'
        ? verdict.by
        : verdict?.kind === 'missed'
          ? redundant === undefined
            ? 'NOT CAUGHT'
            : `– (${redundant})`
          : `BROKEN: ${verdict?.error.trim().split('\n').slice(-8).join(' ') ?? 'not run'}`;
    yield row(name, rule, guarantee, by, after);
  }
}

function row(name: string, rule: string, guarantee: string, by: string, after: string): string {
  return `| ${name.padEnd(38)} | ${rule.padEnd(78)} | ${guarantee.padEnd(5)} | ${by} | ${after} |`;
}
