import { SpanKind, trace } from '@opentelemetry/api';
import type { LogEntry } from '../log/log-entry.ts';
import { contextOf } from './trace-context.ts';

/** Shows in the trace of a sampled change that this replica has applied it. */
export function traceApply(entry: LogEntry, replicaId: string, apply: () => void): void {
  const parent = contextOf(entry.traceparent);
  if (parent === undefined) {
    apply();
    return;
  }
  const [service = '', entity = ''] = entry.key.split(':');
  const attributes = {
    'freshet.cache.service': service,
    'freshet.cache.entity': entity,
    'freshet.replica.id': replicaId,
    'freshet.invalidation.kind': entry.kind,
  };
  const span = trace
    .getTracer('freshet')
    .startSpan('freshet.replica.apply', { kind: SpanKind.CONSUMER, attributes }, parent);
  apply();
  span.end();
}
