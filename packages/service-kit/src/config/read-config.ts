import { StartupError } from '../startup-error.ts';
import type { Variable } from './variable.ts';

/** Variables by the name that the program uses for them. */
export type Variables = Readonly<Record<string, Variable<unknown>>>;

/** The values of `Variables`, parsed. */
export type ConfigOf<V extends Variables> = {
  readonly [Name in keyof V]: V[Name] extends Variable<infer T> ? T : never;
};

export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Reads and validates every variable at once. An empty variable counts as unset, as in compose files.
 *
 * @throws StartupError `FRESHET_CONFIG` naming all mistakes together; values of secrets are not shown.
 */
export function readConfig<V extends Variables>(
  variables: V,
  environment: Environment = process.env,
): ConfigOf<V> {
  const mistakes: string[] = [];
  const values = Object.entries(variables).map(([name, variable]) => {
    const text = environment[variable.env] === '' ? undefined : environment[variable.env];
    const parsed = variable.schema.safeParse(text);
    if (!parsed.success) mistakes.push(mistake(variable, text));
    return [name, parsed.data] as const;
  });
  if (mistakes.length > 0) {
    throw new StartupError(
      'FRESHET_CONFIG',
      `The environment has ${mistakes.length === 1 ? 'a mistake' : `${mistakes.length} mistakes`}: ${mistakes.join('; ')}. Set ${mistakes.length === 1 ? 'it' : 'them'} and start again.`,
    );
  }
  // Each value came out of the schema of the variable with its name.
  return Object.fromEntries(values) as ConfigOf<V>;
}

function mistake(variable: Variable<unknown>, text: string | undefined): string {
  if (text === undefined) return `${variable.env} is missing (${variable.description}; ${variable.expected})`;
  const got = variable.secret ? '' : `, not ${JSON.stringify(text.slice(0, 40))}`;
  return `${variable.env} must be ${variable.expected}${got}`;
}

/** The variables as a Markdown table for a README. */
export function describeConfig(variables: Variables): string {
  const rows = Object.values(variables).map(
    ({ env, shownDefault, description, expected }) =>
      `| \`${env}\` | ${shownDefault === undefined ? 'required' : `\`${shownDefault}\``} | ${description} (${expected}) |`,
  );
  return ['| variable | default | meaning |', '| --- | --- | --- |', ...rows].join('\n');
}
