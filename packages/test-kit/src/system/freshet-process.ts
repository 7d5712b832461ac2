import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { eventually } from '../eventually.ts';
import { startProcess, type TestProcess } from '../process.ts';
import { type Answer, type RequestOptions, send } from './request.ts';

export type ProgramName = 'user-service' | 'inventory-service' | 'invalidation-relay';

/** A process of the system under test, which listens on a port of its own. */
export interface FreshetProcess extends TestProcess {
  readonly name: string;
  readonly url: string;
  /** One request to this very process. */
  send(method: string, path: string, options?: RequestOptions): Promise<Answer>;
}

const root = new URL('../../../../', import.meta.url);
// The runtime that this project pins: tests must not depend on the Node that happens to run Vitest.
const nodeBinary = fileURLToPath(new URL('node_modules/.bin/node', root));

/** Starts one program from its sources, as in development. Ready means: it listens. */
export async function startFreshetProcess(
  program: ProgramName,
  name: string,
  env: Readonly<Record<string, string>>,
): Promise<FreshetProcess> {
  const main = new URL(`services/${program}/src/main.ts`, root);
  const register = createRequire(main).resolve('@freshet/service-kit/register');
  let url = '';
  const child = await startProcess({
    name,
    command: nodeBinary,
    args: ['--conditions=@freshet/source', '--import', register, fileURLToPath(main)],
    env: { HOST: '127.0.0.1', PORT: '0', INSTANCE_NAME: name, ...env },
    ready: (line) => {
      url ||= listeningUrl(line) ?? '';
      return url !== '';
    },
  });
  const { pid, lines, exited, kill, stop } = child;
  return {
    pid,
    lines,
    exited,
    kill,
    stop,
    name,
    url,
    send: (method, path, options) => send(method, url, path, options),
  };
}

/** Waits until `/readyz` says yes. */
export async function untilReady(process: FreshetProcess): Promise<void> {
  await eventually(
    async () => {
      const { status, text } = await process.send('GET', '/readyz');
      if (status !== 200) throw new Error(`/readyz answers ${status}: ${text}`);
    },
    { what: `${process.name} is ready`, deadlineMs: 30_000 },
  );
}

function listeningUrl(line: string): string | undefined {
  if (!line.includes('"listening"')) return undefined;
  const entry = JSON.parse(line) as { msg?: string; url?: string };
  return entry.msg === 'listening' ? entry.url : undefined;
}
