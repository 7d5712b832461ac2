import { type Context, context, isSpanContextValid, ROOT_CONTEXT, trace } from '@opentelemetry/api';
import type { Span, Telemetry } from 'bullmq';
import { BullMQOtel } from 'bullmq-otel';

/**
 * The spans of retry jobs, in the traces of the changes that are retried and nowhere else: by itself, BullMQ begins a
 * trace for every look at an empty queue.
 */
export function jobTelemetry(): Telemetry<Context> {
  const { tracer, contextManager } = new BullMQOtel({ tracerName: '@freshet/invalidation-relay' });
  return {
    tracer: {
      startSpan(name, options, parent = context.active()) {
        const above = trace.getSpanContext(parent);
        return above !== undefined && isSpanContextValid(above)
          ? tracer.startSpan(name, options, parent)
          : noSpan;
      },
    },
    // What BullMQ keeps running after a job is not part of the job's trace.
    contextManager: Object.assign(contextManager, { root: () => ROOT_CONTEXT }),
  };
}

const noSpan: Span<Context> = {
  // An invalid span here would be a parent to ioredis, which then begins a trace.
  setSpanOnContext: (above) => above,
  setAttribute() {},
  setAttributes() {},
  addEvent() {},
  recordException() {},
  end() {},
};
