import { context, SpanStatusCode, trace } from '@opentelemetry/api';
import { isFreshetError } from '../errors.ts';

/**
 * What a strong write has got to, in order.
 * - `turn`: no other write of the key is under way in this process.
 * - `fenced`: caches stand aside from the key.
 * - `barrier_passed`: every replica with a live lease has forgotten it.
 * - `begun`: the transaction has begun, under the blessing that fenced.
 * - `work_done`: the caller's statements and deferred constraints have run, and the row was read again.
 * - `committed`, `published`: the new value is in L2, or left to the relay.
 * - `rolled_back`, `overtaken`: not done; after `overtaken` it begins again.
 */
export type StrongWriteStep =
  | 'turn'
  | 'fenced'
  | 'barrier_passed'
  | 'begun'
  | 'work_done'
  | 'committed'
  | 'published'
  | 'rolled_back'
  | 'overtaken';

/** Shows a strong write in the trace that is recording, if one is: one span, with an event for each step. */
export async function traceStrongWrite<R>(
  service: string,
  entity: string,
  write: () => Promise<R>,
): Promise<R> {
  if (trace.getActiveSpan()?.isRecording() !== true) return await write();
  const span = trace.getTracer('freshet').startSpan('freshet.strong_write', {
    attributes: { 'freshet.cache.service': service, 'freshet.cache.entity': entity },
  });
  try {
    return await context.with(trace.setSpan(context.active(), span), write);
  } catch (error) {
    // What the caller's own work throws is an answer, such as 'not enough in stock'.
    if (isFreshetError(error)) span.setStatus({ code: SpanStatusCode.ERROR, message: error.code });
    throw error;
  } finally {
    span.end();
  }
}

/** Called by what a strong write runs, wherever that is. */
export function traceStep(step: StrongWriteStep): void {
  const span = trace.getActiveSpan();
  if (span?.isRecording() === true) span.addEvent(`freshet.${step}`);
}
