import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { RedisPort } from './port.ts';

type ScriptFolder = 'l2' | 'log' | 'inspection';

const INCLUDES: Record<string, string> = {
  server: '../redis/scripts/server.lua',
  head: '../redis/scripts/head.lua',
  value: '../l2/scripts/value.lua',
};

const names = new Map<string, string>();

/** Which script a command runs, by what it sends: `freshet.l2.fill`; undefined for one that is not ours. */
export function scriptName(shaOrText: string): string | undefined {
  return names.get(shaOrText);
}

/** One Lua script, with the shared parts that its `-- include:` line names in front. Its header is its contract. */
export class Script {
  readonly #text: string;
  readonly #sha: string;

  constructor(folder: ScriptFolder, name: string) {
    const body = readLua(`../${folder}/scripts/${name}.lua`);
    const included = /^-- include: (.+)$/m.exec(body)?.[1]?.split(' ') ?? [];
    this.#text = [...included.map((part) => readLua(INCLUDES[part] ?? part)), body].join('\n');
    this.#sha = createHash('sha1').update(this.#text).digest('hex');
    for (const sent of [this.#sha, this.#text]) names.set(sent, `freshet.${folder}.${name}`);
  }

  /** Sent once; a server that does not know the script yet gets its text, which is as safe to run late. */
  async run(redis: RedisPort, keys: readonly string[], args: readonly (string | number)[]): Promise<unknown> {
    try {
      return await redis.evalsha(this.#sha, keys.length, ...keys, ...args);
    } catch (error) {
      if (!(error instanceof Error) || !error.message.startsWith('NOSCRIPT')) throw error;
      return await redis.eval(this.#text, keys.length, ...keys, ...args);
    }
  }
}

function readLua(path: string): string {
  return readFileSync(new URL(path, import.meta.url), 'utf8');
}
