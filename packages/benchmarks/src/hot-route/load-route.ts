import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Listening } from '../ground/ground.ts';
import { itemIds } from '../ground/items.ts';

const seconds = 2;
const connections = 16;

/** What a process came to under load. */
export interface Round {
  readonly perSecond: number;
  /** Of the process that answers, for one request; user and system. */
  readonly cpuUs: number;
}

/** Loads the route of one process for a while; every answer comes from memory. */
export async function loadRoute({ name, url }: Listening): Promise<Round> {
  const item = `${url}/items/${itemIds[0]}`;
  await assertAnsweredBy(item, 'l1');
  const cpuBefore = await usedCpuUs(url);
  const { requests, duration, non2xx, errors, timeouts } = await autocannon(item);
  const cpu = (await usedCpuUs(url)) - cpuBefore;
  if (non2xx + errors + timeouts > 0) throw new Error(`${name} did not answer every request.`);
  await assertAnsweredBy(item, 'l1');
  return { perSecond: requests.total / duration, cpuUs: cpu / requests.total };
}

async function assertAnsweredBy(item: string, layer: string): Promise<void> {
  const response = await fetch(item);
  await response.arrayBuffer();
  const status = response.headers.get('cache-status') ?? '';
  if (!status.includes(`detail=${layer}`)) throw new Error(`The route answers with Cache-Status: ${status}`);
}

async function usedCpuUs(url: string): Promise<number> {
  const response = await fetch(`${url}/cpu-usage`);
  const { user, system } = (await response.json()) as NodeJS.CpuUsage;
  return user + system;
}

interface Load {
  /** Seconds. */
  readonly duration: number;
  readonly requests: { readonly total: number };
  readonly non2xx: number;
  readonly errors: number;
  readonly timeouts: number;
}

/** Another process makes the requests, so that they cost the one that answers nothing. */
async function autocannon(url: string): Promise<Load> {
  const program = fileURLToPath(import.meta.resolve('autocannon'));
  const args = [program, '--json', '--connections', String(connections), '--duration', String(seconds), url];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  return JSON.parse(stdout) as Load;
}
