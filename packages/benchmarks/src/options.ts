import { parseArgs } from 'node:util';

export interface Options {
  /** Names of the benchmarks to run; undefined for all. */
  readonly only: readonly string[] | undefined;
  /** Where the results go as JSON, too. */
  readonly json: string | undefined;
}

/** @throws Error with the usage when the arguments are not understood */
export function readOptions(args: readonly string[], names: readonly string[]): Options {
  try {
    const { values, positionals } = parseArgs({
      // pnpm hands the `--` of `pnpm bench -- --json FILE` on.
      args: args.filter((arg) => arg !== '--'),
      options: { json: { type: 'string' } },
      allowPositionals: true,
    });
    const unknown = positionals.find((name) => !names.includes(name));
    if (unknown !== undefined) throw new Error(`There is no benchmark ${unknown}.`);
    return { only: positionals.length === 0 ? undefined : positionals, json: values.json };
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`${reason}\nUsage: pnpm bench [--json FILE] [${names.join('] [')}]`, { cause });
  }
}
