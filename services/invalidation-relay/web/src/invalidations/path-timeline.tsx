import type { InvalidationDetail, Step } from '../api/contract.ts';
import { durationOf, preciseTimeOf } from '../appearance/format.ts';

const names: Record<Step, string> = {
  committed: 'committed in Postgres',
  drained: 'drained by a relay',
  dropped: 'dropped from Redis (L2)',
  appended: 'appended to the log',
  marked: 'marked in the outbox',
};

interface Event {
  readonly key: string;
  readonly name: string;
  readonly at: string;
  readonly kind: 'step' | 'replica';
}

/** When each step was reached, as a waterfall from the commit on. */
export function PathTimeline({ path }: { path: InvalidationDetail }) {
  const events = [
    ...path.path.map(({ step, at }): Event => ({ key: step, name: names[step], at, kind: 'step' })),
    ...path.applied.flatMap(({ replicaId, instance, at }): Event[] =>
      at === null
        ? []
        : [{ key: replicaId, name: `applied by ${instance ?? replicaId}`, at, kind: 'replica' }],
    ),
  ].toSorted((a, b) => a.at.localeCompare(b.at));
  const start = Date.parse(path.createdAt);
  const span = Math.max(1, ...events.map(({ at }) => Date.parse(at) - start));
  const silent = path.applied.filter(({ at }) => at === null);
  return (
    <>
      <ol class="timeline">
        {events.map(({ key, name, at, kind }) => {
          const after = Date.parse(at) - start;
          return (
            <li key={key} data-kind={kind}>
              <time dateTime={at}>{preciseTimeOf(at)}</time>
              <span class="step">{name}</span>
              <span class="bar" aria-hidden="true">
                <i style={{ width: `${Math.max(0, Math.min(100, (100 * after) / span))}%` }} />
              </span>
              <span class="after">{after <= 0 ? '0 ms' : `+${durationOf(after)}`}</span>
            </li>
          );
        })}
      </ol>
      {silent.length > 0 && (
        <p class="hint">
          {silent
            .map(({ instance, replicaId, answered }) =>
              answered
                ? `${instance ?? replicaId} has no record of it (older than what it remembers, or not applied)`
                : `${instance ?? replicaId} did not answer`,
            )
            .join('; ')}
          .
        </p>
      )}
    </>
  );
}
