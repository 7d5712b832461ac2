import { type Context, context, createContextKey, ROOT_CONTEXT, type SpanContext } from '@opentelemetry/api';

const key = createContextKey('the trace of a request that is not sampled');

/** A context without a span that remembers which trace it would have been in, for the log. */
export function withUnsampledTrace(spanContext: SpanContext): Context {
  return ROOT_CONTEXT.setValue(key, spanContext);
}

export function activeUnsampledTrace(): SpanContext | undefined {
  return context.active().getValue(key) as SpanContext | undefined;
}
