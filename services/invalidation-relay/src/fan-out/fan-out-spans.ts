import { contextOf, traceparentOf } from '@freshet/cache-core/protocol';
import { context, type Span, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import type { OutboxRow } from '../domain/outbox-store.ts';

const tracer = trace.getTracer('@freshet/invalidation-relay');

/** What a batch has got to: its keys are out of L2; its entries are in the log. */
export type FanOutStep = 'dropped' | 'appended';

/** The spans of one batch, in the traces of its rows. */
export interface FanOutSpans {
  /** By row id: what to hand on to the replicas, so that their spans hang below the row's. */
  readonly traceparents: ReadonlyMap<string, string>;
  reached(step: FanOutStep): void;
  end(error?: Error): void;
}

/**
 * One span for each row that carries a sampled trace, below the writer's span. A retry links to the job that made it.
 *
 * Rows of plain SQL, and of requests that were not sampled, carry none. A batch of such rows may begin one trace, its
 * first row's, if the sampler wants it: an UPDATE of a million rows makes two thousand traces at most, not a million.
 *
 * Ids stay out of the attributes: they are personal data in somebody's trace store.
 */
export function startFanOutSpans(domain: string, rows: readonly OutboxRow[]): FanOutSpans {
  const spans: Span[] = [];
  const traceparents = new Map<string, string>();
  for (const { row, parent } of shownRows(rows)) {
    const job = trace.getSpanContext(context.active());
    const span = tracer.startSpan(
      'freshet.relay.fan_out',
      {
        kind: SpanKind.CONSUMER,
        attributes: {
          'freshet.domain': domain,
          'freshet.cache.service': row.service,
          'freshet.cache.entity': row.entity,
          'freshet.attempt': row.attempts + 1,
          'freshet.batch.rows': rows.length,
        },
        ...(job !== undefined && { links: [{ context: job }] }),
      },
      parent,
    );
    spans.push(span);
    // Without tracing here, this is the writer's own.
    const traceparent = traceparentOf(span);
    if (traceparent !== undefined) traceparents.set(row.id, traceparent);
  }
  return {
    traceparents,
    reached(step) {
      for (const span of spans) span.addEvent(`freshet.${step}`);
    },
    end(error) {
      for (const span of spans) {
        if (error !== undefined) span.setStatus({ code: SpanStatusCode.ERROR, message: error.message });
        span.end();
      }
    },
  };
}

function shownRows(rows: readonly OutboxRow[]) {
  const traced = rows.flatMap((row) => {
    const parent = contextOf(row.traceparent ?? undefined);
    return parent === undefined ? [] : [{ row, parent }];
  });
  const [first] = rows;
  if (traced.length > 0 || first === undefined || first.traceparent !== null) return traced;
  // A retry goes on in the trace that the first attempt began: that of the job.
  return [{ row: first, parent: context.active() }];
}
