import type { ReceivedSpan } from '@freshet/test-kit';

/**
 * The spans of one trace, one line each, below their parents, siblings in alphabetical order: name, what tells it apart,
 * process. Without the Redis commands, whose number depends on what the servers know by then.
 */
export function spanTree(spans: readonly ReceivedSpan[]): string[] {
  const ids = new Set(spans.map(({ spanId }) => spanId));
  const below = (parentSpanId: string | null, indent: string): string[] =>
    spans
      .filter((span) => parentOf(span) === parentSpanId && !span.scope.endsWith('ioredis'))
      .map((span) => [`${indent}${labelOf(span)}`, ...below(span.spanId, `${indent}  `)])
      .toSorted((a, b) => (a.join('\n') < b.join('\n') ? -1 : 1))
      .flat();
  // The caller's own span is not among them.
  const parentOf = ({ parentSpanId }: ReceivedSpan): string | null =>
    parentSpanId !== null && ids.has(parentSpanId) ? parentSpanId : null;
  return below(null, '');
}

function labelOf({ name, scope, attributes, resource }: ReceivedSpan): string {
  // 'pg.query:SELECT the-database'
  const shortName = scope.endsWith('-pg') ? name.split(' ')[0] : name;
  const attempt = attributes['freshet.attempt'];
  const details = [
    attempt === undefined ? undefined : `#${String(attempt)}`,
    attributes['freshet.invalidation.kind'],
  ];
  const told = [shortName, ...details.filter((detail) => detail !== undefined)].join(' ');
  return `${told} (${String(resource['service.instance.id'])})`;
}

/** The spans above this one, its parent first. */
export function ancestorsOf(span: ReceivedSpan, spans: readonly ReceivedSpan[]): ReceivedSpan[] {
  const parent = spans.find(({ spanId }) => spanId === span.parentSpanId);
  return parent === undefined ? [] : [parent, ...ancestorsOf(parent, spans)];
}
