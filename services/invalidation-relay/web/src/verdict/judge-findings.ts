import type { Finding, Invalidation } from '../api/contract.ts';
import { plural } from '../appearance/format.ts';
import type { Statement } from './statement.ts';

/** One statement for each place that holds old data: a replica's memory, or a domain's Redis. */
export function judgeFindings(
  findings: readonly Finding[],
  events: ReadonlyMap<string, Invalidation>,
): Statement[] {
  const open = findings.filter(({ resolvedAt }) => resolvedAt === null);
  const places = Map.groupBy(open, ({ domain, layer, replicaId }) => `${domain} ${layer} ${replicaId ?? ''}`);
  return [...places.values()].flatMap((group) => {
    const first = group.toSorted((a, b) => a.firstSeenAt.localeCompare(b.firstSeenAt))[0];
    if (first === undefined) return [];
    const inMemory = first.layer === 'l1';
    return [
      {
        level: 'stale',
        who: inMemory ? (first.instance ?? first.replicaId ?? first.domain) : first.domain,
        what: `serves ${plural(group.length, 'old key')} from ${inMemory ? 'its memory' : 'Redis'}`,
        since: first.firstSeenAt,
        because: causeOf(first, events),
        todo:
          group.length === 1
            ? 'Compare the layers, then invalidate the key.'
            : 'Invalidate the keys; if they come back, restart that replica.',
        runbook: 'stale-data',
        target:
          group.length === 1 ? { kind: 'key', key: first.key } : { kind: 'section', section: 'findings' },
      } satisfies Statement,
    ];
  });
}

/** What the invalidation that should have removed it tells. */
export function causeOf({ event, layer }: Finding, events: ReadonlyMap<string, Invalidation>): string {
  if (event === null) return 'no invalidation of it is known: it was put there past the library';
  const state = events.get(event)?.state;
  switch (state) {
    case undefined:
      return `invalidation ${event} should have removed it`;
    case 'pending':
    case 'retrying':
      return `invalidation ${event} still waits in the outbox`;
    case 'dead':
      return `invalidation ${event} is a dead letter`;
    case 'applied':
      return layer === 'l1'
        ? `invalidation ${event} was sent and this replica did not follow it`
        : `invalidation ${event} removed it, and it was written back past the library`;
    default:
      return state satisfies never;
  }
}
