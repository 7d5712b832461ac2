import './replicas.css';
import type { Replica } from '../api/contract.ts';
import { bytesOf, countOf, percentOf, shortId } from '../appearance/format.ts';
import { Content, Panel, Unavailable } from '../layout/panel.tsx';
import { now } from '../live/clock.ts';
import { replicas } from '../live/store.ts';

/** What a blessing allows by default: the bar of a lease is drawn on this scale. */
const FULL_LEASE_MS = 2_000;
/** A process that ended keeps its lease's record in Redis for a while; after this it is of no interest. */
const FORGET_MS = 10 * 60_000;
const GONE_AFTER_MS = 60_000;

export function Replicas() {
  return (
    <Panel id="replicas" title="Replicas">
      <Content known={replicas.known.value} of="the replicas">
        {({ items, unavailable }) => (
          <>
            <Unavailable domains={unavailable} />
            {items.length === 0 ? (
              <p class="state">No replica holds, or lately held, a lease.</p>
            ) : (
              <table class="replicas cards">
                <thead>
                  <tr>
                    <th scope="col">Replica</th>
                    <th scope="col">Lease</th>
                    <th scope="col" class="number">
                      Lag
                    </th>
                    <th scope="col" class="number">
                      Hit ratio
                    </th>
                    <th scope="col" class="number">
                      In memory
                    </th>
                  </tr>
                </thead>
                <tbody>
                  {items
                    .filter(
                      (replica) => replica.live || Date.parse(replica.leaseUntil) > now.value - FORGET_MS,
                    )
                    .toSorted(byName)
                    .map((replica) => (
                      <ReplicaRow key={replica.domain + replica.replicaId} replica={replica} />
                    ))}
                </tbody>
              </table>
            )}
          </>
        )}
      </Content>
    </Panel>
  );
}

function byName(a: Replica, b: Replica): number {
  return (
    Number(b.live) - Number(a.live) ||
    a.domain.localeCompare(b.domain) ||
    (a.instance ?? a.replicaId).localeCompare(b.instance ?? b.replicaId)
  );
}

function ReplicaRow({ replica }: { replica: Replica }) {
  const { live, instance, lag, hitRatio, l1 } = replica;
  return (
    <tr class={live ? undefined : 'gone'}>
      <th scope="row">
        {instance ?? `replica ${shortId(replica.replicaId)}`}
        <small>
          {replica.domain} · {shortId(replica.replicaId)}
        </small>
      </th>
      <td data-label="Lease">
        <Lease replica={replica} />
      </td>
      <td class="number" data-label="Lag" data-level={live && lag === null ? 'attention' : undefined}>
        {live ? (lag === null ? 'old blessing' : lag === 0 ? 'none' : countOf(lag)) : '–'}
      </td>
      <td class="number" data-label="Hit ratio">
        {hitRatio === null ? '–' : percentOf(hitRatio)}
      </td>
      <td class="number" data-label="In memory">
        {l1 === null ? (
          '–'
        ) : (
          <>
            {countOf(l1.entries)}
            {l1.bytes !== null && <small>{bytesOf(l1.bytes)}</small>}
          </>
        )}
      </td>
    </tr>
  );
}

function Lease({ replica: { live, answered, leaseRemainingMs, leaseUntil } }: { replica: Replica }) {
  if (live) {
    return (
      <span class="lease">
        <meter
          min={0}
          max={FULL_LEASE_MS}
          value={Math.min(leaseRemainingMs, FULL_LEASE_MS)}
          aria-hidden="true"
        />
        {(leaseRemainingMs / 1_000).toFixed(1)} s
      </span>
    );
  }
  if (answered) return <span data-level="attention">none</span>;
  // Replicas are asked over Redis: while it is away, silence says nothing.
  const isGone = Date.parse(leaseUntil) < now.value - GONE_AFTER_MS;
  return <span class="muted">{isGone ? 'gone' : 'no answer'}</span>;
}
