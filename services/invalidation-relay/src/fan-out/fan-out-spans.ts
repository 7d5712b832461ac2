import { propagation, ROOT_CONTEXT, type Span, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import type { OutboxRow } from '../domain/outbox-store.ts';

const tracer = trace.getTracer('@freshet/invalidation-relay');

/** The spans of one batch: one for each row that carries a trace, in that trace. */
export interface FanOutSpans {
  /** By row id: what to hand on to the replicas, so that their spans hang below the row's. */
  readonly traceparents: ReadonlyMap<string, string>;
  end(error?: Error): void;
}

/** Ids stay out of the attributes: they are personal data in somebody's trace store. */
export function startFanOutSpans(domain: string, rows: readonly OutboxRow[]): FanOutSpans {
  const spans: Span[] = [];
  const traceparents = new Map<string, string>();
  for (const row of rows) {
    if (row.traceparent === null) continue;
    const parent = propagation.extract(ROOT_CONTEXT, { traceparent: row.traceparent });
    const span = tracer.startSpan(
      'freshet.relay.fan_out',
      {
        kind: SpanKind.CONSUMER,
        attributes: {
          'freshet.domain': domain,
          'freshet.service': row.service,
          'freshet.entity': row.entity,
          'freshet.attempt': row.attempts + 1,
        },
      },
      parent,
    );
    spans.push(span);
    const carrier: { traceparent?: string } = {};
    propagation.inject(trace.setSpan(parent, span), carrier);
    // Without tracing here the writer's own trace context travels on.
    traceparents.set(row.id, carrier.traceparent ?? row.traceparent);
  }
  return {
    traceparents,
    end(error) {
      for (const span of spans) {
        if (error !== undefined) span.setStatus({ code: SpanStatusCode.ERROR, message: error.message });
        span.end();
      }
    },
  };
}
