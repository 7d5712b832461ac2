import * as z from 'zod';

/** One environment variable: how to read it, and what to say about it in a README. */
export interface Variable<T> {
  /** Its name in the environment. */
  readonly env: string;
  readonly description: string;
  /** What a mistake is told: "an integer from 0 to 65535". */
  readonly expected: string;
  /** Parses the text; `undefined` in comes only when the variable is unset or empty. */
  readonly schema: z.ZodType<T, string | undefined>;
  /** As shown in the table of variables; absent for a required variable. */
  readonly shownDefault?: string;
  /** The value must appear in no message (passwords, URLs with credentials). */
  readonly secret: boolean;
}

export interface TextOptions<Default extends string | undefined> {
  readonly description: string;
  readonly default?: Default;
  readonly secret?: boolean;
}

/** A non-empty text. Without a default the variable is required. */
export function text(env: string, options: TextOptions<string>): Variable<string> {
  return variable(env, { ...options, expected: 'a text' }, z.string());
}

/** A text that may be absent; of `min` characters at least where it is given. */
export function optionalText(
  env: string,
  options: { description: string; min?: number; secret?: boolean },
): Variable<string | undefined> {
  const { description, min = 1, secret = false } = options;
  return {
    env,
    description,
    expected: min > 1 ? `a text of at least ${min} characters` : 'a text',
    schema: z.string().min(min).optional(),
    shownDefault: 'unset',
    secret,
  };
}

export interface IntegerOptions {
  readonly description: string;
  /** For the table of variables: 'ms', 'connections', … */
  readonly unit?: string;
  readonly min: number;
  readonly max: number;
  readonly default?: number;
}

/** A whole number from `min` to `max`. Without a default the variable is required. */
export function integer(env: string, options: IntegerOptions): Variable<number> {
  const { min, max, unit } = options;
  const schema = z
    .string()
    .regex(/^-?\d{1,15}$/)
    .transform(Number)
    .pipe(z.number().min(min).max(max));
  const expected = `a whole number${unit === undefined ? '' : ` (${unit})`} from ${min} to ${max}`;
  return variable(env, { ...options, expected }, schema);
}

/** `true` or `false`. Without a default the variable is required. */
export function flag(env: string, options: { description: string; default?: boolean }): Variable<boolean> {
  const schema = z.enum(['true', 'false']).transform((value) => value === 'true');
  return variable(env, { ...options, expected: 'true or false' }, schema);
}

/** One of a few words. Without a default the variable is required. */
export function choice<const Word extends string>(
  env: string,
  words: readonly Word[],
  options: { description: string; default?: Word },
): Variable<Word> {
  return variable(env, { ...options, expected: `one of ${words.join(', ')}` }, z.enum(words));
}

/** Words separated by commas, at least one, none twice. Without a default the variable is required. */
export function list(
  env: string,
  options: { description: string; default?: string; word?: RegExp },
): Variable<string[]> {
  const { word = /^[a-z][a-z0-9-]*$/ } = options;
  const schema = z
    .string()
    .transform((value) => value.split(',').map((part) => part.trim()))
    .refine((words) => words.every((part) => word.test(part)) && new Set(words).size === words.length);
  return variable(
    env,
    { ...options, expected: `different words that match ${word.source}, separated by commas` },
    schema,
  );
}

export interface UrlOptions {
  readonly description: string;
  /** Accepted schemes, without the colon: `['redis', 'rediss']`. */
  readonly schemes: readonly string[];
  /** Shown in messages in place of the value. */
  readonly example: string;
}

/** A required URL, as text. Its value counts as a secret, since it may hold a password. */
export function url(env: string, options: UrlOptions): Variable<string> {
  const { schemes, example } = options;
  return variable(
    env,
    { description: options.description, expected: `a URL like ${example}`, secret: true },
    z.string().refine((value) => isUrl(value, schemes)),
  );
}

/** A required Postgres URL (a secret). */
export function postgresUrl(env: string, description: string): Variable<string> {
  return url(env, {
    description,
    schemes: ['postgres', 'postgresql'],
    example: 'postgres://user:password@localhost:5432/database',
  });
}

/** A required Redis URL (a secret). */
export function redisUrl(env: string, description: string): Variable<string> {
  return url(env, { description, schemes: ['redis', 'rediss'], example: 'redis://localhost:6379' });
}

/** A required URL of a Redis, or of the Sentinels that know it (a secret). */
export function redisOrSentinelUrl(env: string, description: string): Variable<string> {
  const expected = 'a URL like redis://localhost:6379, or redis+sentinel://host:port,host:port/name';
  const sentinelUrl = /^redis\+sentinel:\/\/[^/]+\/[\w.-]+$/;
  return variable(
    env,
    { description, expected, secret: true },
    z.string().refine((value) => isUrl(value, ['redis', 'rediss']) || sentinelUrl.test(value)),
  );
}

/** An http(s) URL that may be absent; not a secret. */
export function optionalHttpUrl(env: string, description: string): Variable<string | undefined> {
  return {
    env,
    description,
    expected: 'a URL like http://localhost:4318',
    schema: z
      .string()
      .refine((value) => isUrl(value, ['http', 'https']))
      .optional(),
    shownDefault: 'unset',
    secret: true,
  };
}

function isUrl(value: string, schemes: readonly string[]): boolean {
  const parsed = URL.parse(value);
  return parsed !== null && schemes.includes(parsed.protocol.slice(0, -1)) && parsed.hostname !== '';
}

interface Shape {
  readonly description: string;
  readonly expected: string;
  readonly default?: string | number | boolean;
  readonly secret?: boolean;
}

function variable<T>(env: string, shape: Shape, schema: z.ZodType<T, string>): Variable<T> {
  const { description, expected, secret = false } = shape;
  const common = { env, description, expected, secret };
  if (shape.default === undefined) return { ...common, schema: z.string().pipe(schema) };
  const shownDefault = String(shape.default);
  return { ...common, schema: z.string().default(shownDefault).pipe(schema), shownDefault };
}
