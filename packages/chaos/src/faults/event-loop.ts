import { untilTrue } from '../until.ts';
import type { Fault } from './fault.ts';
import { anyRunning, sendSignal } from './processes.ts';

const BLOCK_MS = 3_000;
const OPEN_WITHIN_MS = 10_000;

/** From outside, through Node's debugger: no code of the product takes part. */
const eventLoopBlocked: Fault = {
  name: 'event-loop-blocked',
  about: `a loop of ${BLOCK_MS / 1_000} s in one replica: nothing else runs there, and its timers are late`,
  needs: ['own'],
  async inject({ system, random }) {
    const victim = anyRunning(system, random, 'user-service', 'inventory-service');
    const since = performance.now();
    sendSignal(victim, 'SIGUSR1');
    let url = '';
    await untilTrue(`${victim.name} opens its debugger`, OPEN_WITHIN_MS, () => {
      const line = system.own.linesSince(victim.name, since).find((text) => text.includes('ws://127.0.0.1:'));
      url = /ws:\/\/\S+/.exec(line ?? '')?.[0] ?? '';
      return url !== '';
    });
    const blocked = evaluate(
      url,
      `{ const from = performance.now(); while (performance.now() - from < ${BLOCK_MS}); performance.now() - from }`,
    );
    blocked.catch(() => {});
    return {
      evidence: async () => `the loop of ${victim.name} ran for ${(await blocked).toFixed(0)} ms`,
      async heal() {
        await blocked.catch(() => 0);
        await evaluate(url, `process.getBuiltinModule('node:inspector').close(); 0`).catch(() => 0);
      },
    };
  },
};

/** Runs an expression that gives a number in the process behind a debugger's URL. */
function evaluate(url: string, expression: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url);
    socket.addEventListener('error', () => reject(new Error(`The debugger at ${url} does not answer.`)));
    socket.addEventListener('close', () => reject(new Error(`The debugger at ${url} has gone.`)));
    socket.addEventListener('open', () => {
      socket.send(JSON.stringify({ id: 1, method: 'Runtime.evaluate', params: { expression } }));
    });
    socket.addEventListener('message', ({ data }) => {
      const { result } = JSON.parse(String(data)) as { result?: { result?: { value?: number } } };
      resolve(Number(result?.result?.value));
      socket.close();
    });
  });
}

export const eventLoopFaults: readonly Fault[] = [eventLoopBlocked];
