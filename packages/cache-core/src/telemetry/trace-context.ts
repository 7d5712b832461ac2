import {
  type Context,
  context,
  isSpanContextValid,
  ROOT_CONTEXT,
  type Span,
  type SpanContext,
  trace,
} from '@opentelemetry/api';

const TRACEPARENT = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/;
const SAMPLED = 1;

/** The W3C trace context of the active span; undefined when none is sampled. */
export function currentTraceparent(): string | undefined {
  return traceparentOf(trace.getActiveSpan());
}

/** The W3C trace context of this span; undefined when it is not sampled. */
export function traceparentOf(span: Span | undefined): string | undefined {
  const spanContext = span?.spanContext();
  if (spanContext === undefined || !isSpanContextValid(spanContext)) return undefined;
  const { traceId, spanId, traceFlags } = spanContext;
  return (traceFlags & SAMPLED) === 0 ? undefined : `00-${traceId}-${spanId}-0${SAMPLED}`;
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

/** Runs what goes on for longer than whoever began it: in the trace of a request, it would be there for ever. */
export function outsideTraces<R>(work: () => R): R {
  return context.with(ROOT_CONTEXT, work);
}

/** `work` for later, in the trace that is active now. */
export function inThisTrace(work: () => void): () => void {
  return context.bind(context.active(), work);
}
