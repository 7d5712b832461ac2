import { type Context, context, isSpanContextValid, type SpanContext, trace } from '@opentelemetry/api';

const TRACEPARENT = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/;
const SAMPLED = 1;

/** The W3C trace context of the active span; undefined when none is sampled. */
export function currentTraceparent(): string | undefined {
  const span = trace.getActiveSpan()?.spanContext();
  if (span === undefined || !isSpanContextValid(span) || (span.traceFlags & SAMPLED) === 0) return undefined;
  return `00-${span.traceId}-${span.spanId}-0${span.traceFlags & SAMPLED}`;
}

/** A context below the span that `traceparent` names; undefined when it is malformed or not sampled. */
export function contextOf(traceparent: string | undefined): Context | undefined {
  const match = traceparent === undefined ? null : TRACEPARENT.exec(traceparent);
  if (match === null) return undefined;
  const [, traceId = '', spanId = '', flags = '00'] = match;
  const spanContext: SpanContext = {
    traceId,
    spanId,
    traceFlags: Number.parseInt(flags, 16),
    isRemote: true,
  };
  if (!isSpanContextValid(spanContext) || (spanContext.traceFlags & SAMPLED) === 0) return undefined;
  return trace.setSpanContext(context.active(), spanContext);
}
