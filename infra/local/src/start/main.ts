import { rmSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { LocalError } from '../parts/local-error.ts';
import { announce } from './announce.ts';
import { readOptions, type StartOptions, usage } from './options.ts';
import { Refusal } from './refusal.ts';
import { claim } from './single-run.ts';
import { listenForStop, type StopRequest } from './stop-request.ts';
import { System } from './system.ts';

// bootstrap.mjs runs this in the checkout.
const root = process.cwd();
const report = (line: string) => console.log(line);

const stopRequest = listenForStop();
try {
  const options = readOptions(root, process.argv.slice(2), process.env);
  if (options === 'help') report(usage);
  else await run(options, stopRequest);
} catch (error) {
  process.exitCode = 1;
  console.error(error instanceof Refusal || error instanceof LocalError ? error.message : error);
} finally {
  stopRequest.release();
}

async function run(options: StartOptions, stop: StopRequest): Promise<void> {
  const { signal } = stop;
  await mkdir(options.stateFolder, { recursive: true });
  const letGo = await claim(options.stateFolder);
  const system = new System(options, report);
  stop.onInsist(() => {
    system.killAll();
    rmSync(join(options.stateFolder, 'system.json'), { force: true });
    process.exit(130);
  });
  try {
    const description = await system.start(signal);
    await announce(description, options, signal);
    await aborted(signal);
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    if (signal.aborted) report(`Stopping (${String(signal.reason)})`);
    await system.stop();
    letGo();
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
