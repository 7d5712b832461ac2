import './services.css';
import { Content, Panel, Unavailable } from '../layout/panel.tsx';
import { overview } from '../live/store.ts';
import { ServiceRow } from './service-row.tsx';
import { layers, windows } from './windows.ts';

/** One row for each domain: how consistent its caches are, and whether changes flow. */
export function Services() {
  return (
    <Panel
      id="services"
      title="Services"
      aside="Consistency in nines: 3 means 999 of 1,000 samples were right"
    >
      <Content known={overview.known.value} of="the services">
        {({ domains, unavailable }) => (
          <>
            <Unavailable domains={unavailable} />
            <table class="services cards">
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
                      <th key={layer + window} scope="col" class={index === 0 ? 'number first' : 'number'}>
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
