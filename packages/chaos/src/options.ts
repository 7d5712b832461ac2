import { resolve } from 'node:path';
import { parseArgs } from 'node:util';

export interface Options {
  readonly list: boolean;
  readonly faults: readonly string[];
  /** Random pairs of faults, after the single ones. */
  readonly pairs: number;
  readonly seed: number;
  /** How long a fault lasts. */
  readonly seconds: number;
  /** Of each service. */
  readonly replicas: number;
  /** Operations a second, at most. */
  readonly rate: number;
  readonly systemFile: string | null;
  readonly reportFolder: string | null;
  readonly mutants: readonly string[];
  /** Histories are below it, which are judged again; null: the system is run. */
  readonly judgeFolder: string | null;
  readonly ci: boolean;
}

export const usage = `pnpm chaos [options]

  --list           the faults and the planted bugs, and what each needs
  --fault NAME     only this one (may be given several times); without it all of them, and the system in peace
  --pairs N        so many random pairs of faults besides (0)
  --seed N         of the load, of what a fault picks, and of the pairs (1)
  --seconds N      how long a fault lasts (6)
  --replicas N     of each service (2)
  --rate N         operations a second, at most (1500)
  --system FILE    aim at the system that npm start runs, by its .freshet/system.json
  --report DIR     write the report there
  --mutant NAME    run with this safeguard left out, until that is found (may be given several times; 'all')
  --judge DIR      run nothing: judge the histories below this folder again
  --ci             some faults, short
  --help           this text`;

/** @throws Error in one sentence, with the usage */
export function readOptions(args: readonly string[]): Options | 'help' {
  const values = parse(args);
  if (values.help) return 'help';
  return {
    list: values.list,
    faults: values.fault,
    pairs: whole('--pairs', values.pairs, 0, 1_000),
    seed: whole('--seed', values.seed, 0, 2 ** 31),
    seconds: whole('--seconds', values.seconds, 1, 600),
    replicas: whole('--replicas', values.replicas, 2, 16),
    rate: whole('--rate', values.rate, 10, 100_000),
    systemFile: pathFrom(values.system),
    reportFolder: pathFrom(values.report),
    mutants: values.mutant,
    judgeFolder: pathFrom(values.judge),
    ci: values.ci,
  };
}

/** pnpm runs the script in the package's folder, and says where it was called. */
function pathFrom(path: string | undefined): string | null {
  return path === undefined ? null : resolve(process.env['INIT_CWD'] ?? '.', path);
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        list: { type: 'boolean', default: false },
        fault: { type: 'string', multiple: true, default: [] },
        pairs: { type: 'string', default: '0' },
        seed: { type: 'string', default: '1' },
        seconds: { type: 'string', default: '6' },
        replicas: { type: 'string', default: '2' },
        rate: { type: 'string', default: '1500' },
        system: { type: 'string' },
        report: { type: 'string' },
        mutant: { type: 'string', multiple: true, default: [] },
        judge: { type: 'string' },
        ci: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    }).values;
  } catch (error) {
    throw new Error(`${error instanceof Error ? error.message : String(error)}\n\n${usage}`, {
      cause: error,
    });
  }
}

function whole(option: string, text: string, least: number, most: number): number {
  const number = Number(text);
  if (Number.isInteger(number) && number >= least && number <= most) return number;
  throw new Error(`${option} takes a whole number from ${least} to ${most}, not '${text}'.`);
}
