import { setTimeout as delay } from 'node:timers/promises';
import type { HistoryWriter } from '../contract.ts';
import type { Fault, FaultContext, Injected } from '../faults/index.ts';

/** Later faults of a pair begin so much later, at most, than the first. */
const SPREAD_SHARE = 0.3;
/** What an order is given to may be gone at that moment, by another fault of the pair. */
const ORDERED_WITHIN_MS = 20_000;
const AGAIN_AFTER_MS = 500;

/**
 * Injects the faults, waits until each has had its effect, lets them last for the window, and takes them back: also when
 * something went wrong on the way.
 *
 * @throws when a fault has not fired, or could not be taken back
 */
export async function runFaults(
  faults: readonly Fault[],
  context: FaultContext,
  history: HistoryWriter,
): Promise<void> {
  const outcomes = await Promise.allSettled(
    faults.map(async (fault, index) => {
      if (index > 0) await pause(context.random.between(0, context.windowMs * SPREAD_SHARE), context.signal);
      await runFault(fault, context, history);
    }),
  );
  const failures = outcomes.filter((outcome) => outcome.status === 'rejected');
  if (failures.length > 0) throw new Error(failures.map(({ reason }) => messageOf(reason)).join('; '));
}

async function runFault(fault: Fault, context: FaultContext, history: HistoryWriter): Promise<void> {
  const { name } = fault;
  const endsAt = performance.now() + context.windowMs;
  history.append({ t: 'fault', name, phase: 'injected', at: performance.now() });
  const injected = await insist(name, () => fault.inject(context));
  try {
    const { unproven } = injected;
    const evidence = await injected.evidence();
    const proven = { t: 'fault', name, phase: 'proven', at: performance.now(), evidence } as const;
    history.append(unproven === undefined ? proven : { ...proven, unproven });
    if (!fault.momentary) await pause(endsAt - performance.now(), context.signal);
  } finally {
    await heal(injected, name, history);
  }
}

async function heal(injected: Injected, name: string, history: HistoryWriter): Promise<void> {
  await insist(name, () => injected.heal());
  history.append({ t: 'fault', name, phase: 'healed', at: performance.now() });
}

/** @throws what the last attempt threw */
async function insist<R>(name: string, order: () => Promise<R>): Promise<R> {
  const deadline = performance.now() + ORDERED_WITHIN_MS;
  for (;;) {
    try {
      return await order();
    } catch (error) {
      if (performance.now() >= deadline) throw new Error(`${name}: ${messageOf(error)}`, { cause: error });
    }
    await delay(AGAIN_AFTER_MS);
  }
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  if (ms > 0) await delay(ms, undefined, { signal });
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
