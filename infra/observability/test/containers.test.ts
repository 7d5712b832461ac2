import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { dashboards } from '../src/dashboards/index.ts';
import { prometheusFolder, root } from './shipped-rules.ts';

const read = (path: string): string => readFileSync(`${root}${path}`, 'utf8');

const { services } = parse(read('docker-compose.yml'), { merge: true }) as {
  readonly services: Readonly<
    Record<
      string,
      {
        readonly profiles?: readonly string[];
        readonly environment?: Readonly<Record<string, string | number>>;
        readonly command?: readonly string[];
        readonly volumes?: readonly string[];
        readonly ports?: readonly string[];
      }
    >
  >;
};

const { global, scrape_configs } = parse(readFileSync(`${prometheusFolder}prometheus.yml`, 'utf8')) as {
  readonly global: { readonly scrape_interval: string };
  readonly scrape_configs: readonly {
    readonly job_name: string;
    readonly dns_sd_configs?: readonly { readonly names: readonly string[]; readonly port: number }[];
    readonly static_configs?: readonly { readonly targets: readonly string[] }[];
  }[];
};

/** Where a folder of the repository is in a container. */
function mountOf(service: string, folder: string): string | undefined {
  const mount = services[service]?.volumes?.find((volume) => volume.startsWith(`./${folder}:`));
  return mount?.split(':')[1];
}

test('the profile adds Prometheus and Grafana, and nothing of the system itself needs it', () => {
  const added = Object.entries(services).filter(([, { profiles = [] }]) =>
    profiles.includes('observability'),
  );
  expect(added.map(([name]) => name)).toEqual(['prometheus', 'grafana']);
});

test('Prometheus scrapes every process of ours, at its port', () => {
  const scraped = scrape_configs.flatMap(({ dns_sd_configs = [], static_configs = [] }) => [
    ...dns_sd_configs.flatMap(({ names, port }) => names.map((name) => `${name}:${port}`)),
    ...static_configs.flatMap(({ targets }) => targets),
  ]);
  const ours = Object.entries(services).flatMap(([name, { environment }]) =>
    environment?.['PORT'] === undefined ? [] : [`${name}:${environment['PORT']}`],
  );
  expect(ours.length).toBeGreaterThan(3);
  expect(scraped.toSorted()).toEqual(ours.toSorted());
});

test('the jobs are called as the programs are, by which the rules and npm start’s Prometheus go', () => {
  expect(scrape_configs.map(({ job_name }) => job_name).toSorted()).toEqual(
    readdirSync(`${root}services`).toSorted(),
  );
});

test('Prometheus finds its configuration where it is mounted', () => {
  const folder = mountOf('prometheus', 'infra/observability/prometheus');
  expect(services['prometheus']?.command).toContain(`--config.file=${folder}/prometheus.yml`);
});

test('Grafana finds Prometheus, and the dashboards where they are mounted', () => {
  expect(mountOf('grafana', 'infra/observability/grafana/provisioning')).toBe('/etc/grafana/provisioning');
  const folder = mountOf('grafana', 'infra/observability/grafana/dashboards');
  const provided = parse(read('infra/observability/grafana/provisioning/dashboards/freshet.yaml')) as {
    readonly providers: readonly { readonly options: { readonly path: string } }[];
  };
  expect(provided.providers.map(({ options }) => options.path)).toEqual([folder]);
  const home = services['grafana']?.environment?.['GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH'];
  expect(dashboards.map(({ uid }) => `${folder}/${uid}.json`)).toContain(home);
  const { datasources } = parse(
    read('infra/observability/grafana/provisioning/datasources/prometheus.yaml'),
  ) as {
    readonly datasources: readonly {
      readonly url: string;
      readonly isDefault: boolean;
      readonly jsonData: { readonly timeInterval: string };
    }[];
  };
  expect(datasources).toMatchObject([
    {
      url: `http://prometheus:${services['prometheus']?.ports?.[0]?.split(':').at(-1)}`,
      isDefault: true,
      jsonData: { timeInterval: global.scrape_interval },
    },
  ]);
});
