import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';

// dependency-cruiser reads nothing, and is content, when it finds no TypeScript compiler that it knows. So the rules are
// shown to bite: a small copy of the layout, in which each file that is wrong says which rule it breaks.

const root = fileURLToPath(new URL('../../../', import.meta.url));
const cruiser = join(root, 'node_modules/dependency-cruiser/bin/dependency-cruiser.mjs');
const config = join(root, '.dependency-cruiser.cjs');

const parts = {
  'packages/cache-core': '@freshet/cache-core',
  'packages/service-kit': '@freshet/service-kit',
  'packages/test-kit': '@freshet/test-kit',
  'packages/simulator': '@freshet/simulator',
  'packages/chaos': '@freshet/chaos',
  'infra/local': '@freshet/local',
  'services/user-service': '@freshet/user-service',
  'services/inventory-service': '@freshet/inventory-service',
};

const allowed: Record<string, string> = {
  'packages/cache-core/src/fine.ts': `import './index.ts'; import 'node:fs';`,
  'packages/cache-core/src/fine.test.ts': `import '@freshet/test-kit'; import './fine.ts';`,
  'packages/service-kit/src/fine.ts': `import '@freshet/cache-core';`,
  'packages/simulator/src/fine.ts': `import '@freshet/cache-core'; import '@freshet/user-service'; import '@freshet/test-kit';`,
  'packages/chaos/src/fine.ts': `import '@freshet/test-kit'; import '@freshet/local';`,
  'packages/test-kit/src/fine.ts': `import '@freshet/local';`,
  'services/user-service/src/fine.ts': `import '@freshet/cache-core'; import '@freshet/service-kit'; import 'a-dependency';`,
  'services/user-service/test/fine.test.ts': `import '@freshet/test-kit'; import '../src/fine.ts'; import 'a-dev-dependency';`,
};

const planted: Record<string, { breaks: string[]; text: string }> = {
  'services/user-service/src/other-service.ts': {
    breaks: ['no-service-to-service'],
    text: `import '@freshet/inventory-service';`,
  },
  'services/user-service/test/other-service.test.ts': {
    breaks: ['no-service-to-service'],
    text: `import '@freshet/inventory-service';`,
  },
  'services/user-service/src/by-path.ts': {
    breaks: ['packages-by-name'],
    text: `import '../../../packages/cache-core/src/index.ts';`,
  },
  'services/user-service/src/type-by-path.ts': {
    breaks: ['packages-by-name'],
    text: `import type { Inner } from '../../../packages/cache-core/src/inner.ts'; export type Mine = Inner;`,
  },
  'services/user-service/src/internals.ts': {
    breaks: ['resolvable'],
    text: `import '@freshet/cache-core/src/inner.ts';`,
  },
  'packages/cache-core/src/not-alone.ts': {
    breaks: ['cache-core-alone'],
    text: `import '@freshet/service-kit';`,
  },
  'packages/service-kit/src/upwards.ts': {
    breaks: ['service-kit-on-cache-core'],
    text: `import '@freshet/user-service';`,
  },
  'packages/test-kit/src/upwards.ts': {
    breaks: ['test-kit-on-local'],
    text: `export * from '@freshet/cache-core';`,
  },
  'packages/chaos/src/judge.ts': {
    breaks: ['chaos-on-test-kit'],
    text: `import '@freshet/cache-core';`,
  },
  'packages/chaos/src/judge.test.ts': {
    breaks: ['chaos-on-test-kit'],
    text: `import '@freshet/service-kit';`,
  },
  'infra/local/src/upwards.ts': { breaks: ['local-alone'], text: `await import('@freshet/user-service');` },
  'services/user-service/src/workshop.ts': {
    breaks: ['no-workshop-in-production'],
    text: `import '@freshet/test-kit';`,
  },
  'services/user-service/src/launcher.ts': {
    breaks: ['no-workshop-in-production'],
    text: `import '@freshet/local';`,
  },
  'services/user-service/src/simulated.ts': {
    breaks: ['no-workshop-in-production'],
    text: `import '@freshet/simulator';`,
  },
  'services/user-service/src/uses-test.ts': {
    breaks: ['no-tests-in-production'],
    text: `import '../test/fine.test.ts';`,
  },
  'services/user-service/src/dev-dependency.ts': {
    breaks: ['no-dev-dependency-in-production'],
    text: `import 'a-dev-dependency';`,
  },
  'services/user-service/src/circle.ts': {
    breaks: ['no-circular'],
    text: `import type { Half } from './other-half.ts'; export type Whole = [Half];`,
  },
  'services/user-service/src/other-half.ts': {
    breaks: [],
    text: `import type { Whole } from './circle.ts'; export type Half = Whole | null;`,
  },
};

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'freshet-dependency-rules-'));
  await mkdir(join(folder, 'node_modules/@freshet'), { recursive: true });
  for (const [path, name] of Object.entries(parts)) {
    const exports = { '.': { '@freshet/source': './src/index.ts' } };
    const dependencies = Object.fromEntries(Object.values(parts).map((other) => [other, 'workspace:*']));
    await write(
      `${path}/package.json`,
      JSON.stringify({
        name,
        exports,
        dependencies: { ...dependencies, 'a-dependency': '1.0.0' },
        devDependencies: { 'a-dev-dependency': '1.0.0' },
      }),
    );
    await write(`${path}/src/index.ts`, 'export {};');
    await symlink(join(folder, path), join(folder, 'node_modules', name));
  }
  for (const name of ['a-dependency', 'a-dev-dependency']) {
    await write(`node_modules/${name}/package.json`, JSON.stringify({ name, main: 'index.js' }));
    await write(`node_modules/${name}/index.js`, '');
  }
  await write('packages/cache-core/src/inner.ts', 'export type Inner = 1;');
  for (const [path, text] of Object.entries(allowed)) await write(path, text);
  for (const [path, { text }] of Object.entries(planted)) await write(path, text);
});

afterAll(() => rm(folder, { recursive: true, force: true }));

test('every dependency rule finds what was planted for it, and nothing else', async () => {
  const { violations } = await cruise(folder);
  const expected = Object.entries(planted).flatMap(([from, { breaks }]) =>
    breaks.map((rule) => `${rule}: ${from}`),
  );
  expect(violations.toSorted((a, b) => a.localeCompare(b))).toEqual(
    expected.toSorted((a, b) => a.localeCompare(b)),
  );
});

test('no dependency rule is without a plant', () => {
  const { forbidden } = createRequire(import.meta.url)(config) as { forbidden: { name: string }[] };
  const broken = new Set(Object.values(planted).flatMap(({ breaks }) => breaks));
  expect(forbidden.map(({ name }) => name).filter((name) => !broken.has(name))).toEqual([]);
});

test('the modules of this repository are read', async () => {
  const { modules } = await cruise(root);
  expect(modules).toContain('packages/cache-core/src/index.ts');
  expect(modules.length).toBeGreaterThan(100);
});

async function write(path: string, text: string): Promise<void> {
  const file = join(folder, path);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, text);
}

interface Cruise {
  modules: { source: string }[];
  summary: { violations: { from: string; rule: { name: string } }[] };
}

/** As `pnpm check:dependencies` does it. */
async function cruise(cwd: string): Promise<{ modules: string[]; violations: string[] }> {
  const args = [cruiser, 'packages', 'services', 'infra', '--config', config, '--output-type', 'json'];
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd, maxBuffer: 64 * 1024 * 1024 });
  const { modules, summary } = JSON.parse(stdout) as Cruise;
  return {
    modules: modules.map(({ source }) => source),
    violations: summary.violations.map(({ from, rule }) => `${rule.name}: ${from}`),
  };
}
