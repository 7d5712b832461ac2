import { Fragment } from 'preact';
import type { ConsistencyWindow, DomainOverview, Layer } from '../api/contract.ts';
import { durationOf, ninesOf, percentOf, plural, shortCountOf } from '../appearance/format.ts';
import { isLateOutbox, isLateWatermark } from '../verdict/judge-domain.ts';
import { layers, windows } from './windows.ts';

export function ServiceRow({ domain }: { domain: DomainOverview }) {
  const { outbox, replicas, watermarkAgeMs, hitRatio, blessing, state } = domain;
  const blessed = state === 'blessed';
  return (
    <tr>
      <th scope="row">
        {domain.domain}
        <small data-level={blessed ? undefined : 'attention'}>
          {blessed ? `blessing ${blessing ?? '–'}` : 'caches stand aside'}
        </small>
      </th>
      {layers.map(({ layer, short }) => (
        <Fragment key={layer}>
          <td class="narrow-only" aria-hidden="true">
            {short}
          </td>
          {windows.map(({ window, name }, index) => (
            <NinesCell
              key={window}
              layer={layer}
              window={domain.consistency[layer][window]}
              label={name}
              first={index === 0}
            />
          ))}
        </Fragment>
      ))}
      <td class="number first flow" data-label="Hit ratio">
        {hitRatio === null ? '–' : percentOf(hitRatio)}
        <small>of reads</small>
      </td>
      <td class="number flow" data-label="Outbox" data-level={isLateOutbox(outbox) ? 'attention' : undefined}>
        {outbox.pending === 0 ? 'empty' : shortCountOf(outbox.pending)}
        <small data-level={outbox.deadLetters > 0 ? 'attention' : undefined}>
          {outbox.deadLetters > 0
            ? plural(outbox.deadLetters, 'dead letter')
            : outbox.pending > 0
              ? `for ${durationOf(outbox.oldestAgeMs)}`
              : 'nothing waits'}
        </small>
      </td>
      <td
        class="number flow"
        data-label="Watermark"
        data-level={isLateWatermark(watermarkAgeMs) ? 'attention' : undefined}
      >
        {watermarkAgeMs === null ? 'none' : durationOf(watermarkAgeMs)}
        <small>{watermarkAgeMs === null ? 'memories off' : 'old'}</small>
      </td>
      <td
        class="number flow"
        data-label="Replicas"
        data-level={replicas.live === 0 ? 'attention' : undefined}
      >
        {replicas.live}
        <small>{replicas.known > replicas.live ? `live of ${replicas.known}` : 'live'}</small>
      </td>
    </tr>
  );
}

interface NinesProps {
  readonly window: ConsistencyWindow;
  readonly layer: Layer;
  readonly label: string;
  readonly first: boolean;
}

function NinesCell({ window, layer, label, first }: NinesProps) {
  const { stale, samples } = window;
  return (
    <td
      class={`number ${layer}${first ? ' first' : ''}`}
      data-label={label}
      data-level={stale > 0 ? 'stale' : undefined}
    >
      {ninesOf(window)}
      <small>
        {stale > 0
          ? `${shortCountOf(stale)} of ${shortCountOf(samples)} old`
          : samples === 0
            ? 'no sample'
            : `${shortCountOf(samples)} samples`}
      </small>
    </td>
  );
}
