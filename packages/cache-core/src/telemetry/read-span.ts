import { type Span, trace } from '@opentelemetry/api';
import type { CacheOutcome } from '../cache-aside/outcome.ts';
import type { Version } from '../keys/version.ts';

/** What was answered: an entry of L1 fits, so that a hit makes no object. */
export interface Told {
  readonly version: Version;
  /** When the layer that answered got it, milliseconds since 1970; unknown where the origin answered. */
  readonly since?: number;
}

/**
 * Why memory did not answer: nothing is there (`miss`); its TTL is over; nothing proves that it is fresh; it is older than was
 * asked for (`request`).
 */
export type NotFromMemory = 'miss' | 'expired' | 'lease-expired' | 'request';

/** The active span, if somebody will see it. */
export function recordingSpan(): Span | undefined {
  const span = trace.getActiveSpan();
  return span?.isRecording() === true ? span : undefined;
}

/** Says on the request's span what the cache did; of several reads of one request, the last. */
export function traceRead(
  span: Span,
  entity: string,
  outcome: CacheOutcome,
  { version, since }: Told,
  wallMs: number,
  memory?: NotFromMemory,
): void {
  const { hit, detail, fwd, collapsed } = outcome;
  span.setAttributes({
    'freshet.cache.entity': entity,
    'freshet.cache.layer': hit ?? 'origin',
    'freshet.cache.version': version,
    'freshet.cache.age_ms': since === undefined ? undefined : Math.max(0, Math.round(wallMs - since)),
    'freshet.cache.detail': detail,
    'freshet.cache.fwd': fwd,
    'freshet.cache.memory': memory,
    'freshet.cache.collapsed': collapsed,
  });
}

/** Says in the trace of whoever loaded a value that memory does not keep it. */
export function traceNotKept(dirty: boolean, leaseValid: () => boolean): void {
  const span = recordingSpan();
  if (span === undefined || (!dirty && leaseValid())) return;
  span.addEvent('freshet.not_kept', { 'freshet.reason': dirty ? 'dirty' : 'lease-expired' });
}
