import type { ConsistencyWindow, DomainOverview, Layer, WindowName } from '../api/contract.ts';
import { durationOf, ninesOf, percentOf, plural, shortCountOf } from '../appearance/format.ts';
import { Content, Panel, Unavailable } from '../layout/panel.tsx';
import { overview } from '../live/store.ts';

const layers: readonly { layer: Layer; name: string }[] = [
  { layer: 'l1', name: 'Memory (L1)' },
  { layer: 'l2', name: 'Redis (L2)' },
];
const windows: readonly { window: WindowName; name: string }[] = [
  { window: '1m', name: '1 min' },
  { window: '5m', name: '5 min' },
  { window: '1h', name: '1 h' },
];

/** One row for each domain: how consistent it is, and whether changes flow. */
export function Services() {
  return (
    <Panel
      id="services"
      title="Services"
      aside="Consistency in nines: 3 nines = 999 of 1,000 samples were right"
    >
      <Content known={overview.known.value} of="the services">
        {({ domains, unavailable }) => (
          <>
            <Unavailable domains={unavailable} />
            <table class="services">
              <thead>
                <tr>
                  <th scope="col" rowSpan={2}>
                    Service
                  </th>
                  {layers.map(({ layer, name }) => (
                    <th key={layer} scope="colgroup" colSpan={3} class="group">
                      {name}
                    </th>
                  ))}
                  <th scope="colgroup" colSpan={4} class="group">
                    Flow
                  </th>
                </tr>
                <tr>
                  {layers.map(({ layer }) =>
                    windows.map(({ window, name }, index) => (
                      <th key={layer + window} scope="col" class={`number${index === 0 ? ' first' : ''}`}>
                        {name}
                      </th>
                    )),
                  )}
                  <th scope="col" class="number first">
                    Hit ratio
                  </th>
                  <th scope="col" class="number">
                    Outbox
                  </th>
                  <th scope="col" class="number">
                    Watermark
                  </th>
                  <th scope="col" class="number">
                    Replicas
                  </th>
                </tr>
              </thead>
              <tbody>
                {domains.map((domain) => (
                  <ServiceRow key={domain.domain} domain={domain} />
                ))}
              </tbody>
            </table>
          </>
        )}
      </Content>
    </Panel>
  );
}

function ServiceRow({ domain }: { domain: DomainOverview }) {
  const { outbox, replicas, watermarkAgeMs, hitRatio } = domain;
  return (
    <tr>
      <th scope="row">
        {domain.domain}
        <small data-level={domain.state === 'blessed' ? 'fresh' : 'attention'}>
          {domain.state === 'blessed'
            ? `blessing ${domain.blessing ?? '–'}`
            : (domain.standingStill ?? domain.state)}
        </small>
      </th>
      {layers.map(({ layer, name }) =>
        windows.map(({ window, name: span }, index) => (
          <NinesCell
            key={layer + window}
            window={domain.consistency[layer][window]}
            label={`${name}, ${span}`}
            first={index === 0}
          />
        )),
      )}
      <td class="number first" data-label="Hit ratio">
        {hitRatio === null ? '–' : percentOf(hitRatio)}
        <small>of reads</small>
      </td>
      <td
        class="number"
        data-label="Outbox"
        data-level={outbox.retryingForLong > 0 || outbox.oldestAgeMs > 5_000 ? 'attention' : undefined}
      >
        {outbox.pending === 0 ? 'empty' : `${shortCountOf(outbox.pending)} wait`}
        <small>
          {outbox.pending === 0 ? plural(outbox.deadLetters, 'dead letter') : durationOf(outbox.oldestAgeMs)}
        </small>
      </td>
      <td
        class="number"
        data-label="Watermark"
        data-level={watermarkAgeMs === null || watermarkAgeMs > 3_000 ? 'attention' : undefined}
      >
        {watermarkAgeMs === null ? 'none' : durationOf(watermarkAgeMs)}
        <small>old</small>
      </td>
      <td class="number" data-label="Replicas" data-level={replicas.live === 0 ? 'attention' : undefined}>
        {replicas.live} live
        <small>of {replicas.known} known</small>
      </td>
    </tr>
  );
}

function NinesCell({ window, label, first }: { window: ConsistencyWindow; label: string; first: boolean }) {
  return (
    <td
      class={`number nines${first ? ' first' : ''}`}
      data-label={label}
      data-level={window.stale > 0 ? 'stale' : undefined}
    >
      {ninesOf(window)}
      <small>
        {window.stale > 0
          ? `${shortCountOf(window.stale)} old of ${shortCountOf(window.samples)}`
          : window.samples === 0
            ? 'no sample'
            : shortCountOf(window.samples)}
      </small>
    </td>
  );
}
