// Who may import whom. `pnpm check:dependencies` reads it; infra/quality/test/dependency-rules.test.ts shows that each rule bites.

const part = '^((?:packages|services|infra)/[^/]+)/';
const tests = ['[.]test[.]ts$', '[.]test-helper[.]ts$', '^[^/]+/[^/]+/(web/)?(test|screenshots)/'];
// What proves, measures and starts the system, and is no part of it.
const workshop = '^(packages/(test-kit|benchmarks|simulator|chaos)|infra)/';

/** `folder` may import of our own only itself and `others`. */
function only(name, folder, others, comment) {
  return {
    name,
    comment,
    severity: 'error',
    from: { path: `^${folder}/`, pathNot: tests },
    to: { path: part, pathNot: [folder, ...others].map((path) => `^${path}/`) },
  };
}

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    {
      name: 'no-circular',
      comment:
        'Two modules that need each other are one idea in two files, or hide a third. Types count too.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'resolvable',
      comment:
        'The import finds nothing: a typing mistake, a dependency that is not in package.json, or a path into a package.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: 'packages-by-name',
      comment: 'Another package is imported by its name, through its public doors; never by a path into it.',
      severity: 'error',
      from: { path: part },
      to: { path: part, pathNot: '^$1/', dependencyTypes: ['local'] },
    },
    {
      name: 'no-service-to-service',
      comment: 'Services talk over HTTP and through the protocol, tests included.',
      severity: 'error',
      from: { path: '^(services/[^/]+)/' },
      to: { path: '^services/', pathNot: '^$1/' },
    },
    only('cache-core-alone', 'packages/cache-core', [], 'Any Node service can use cache-core on its own.'),
    only(
      'service-kit-on-cache-core',
      'packages/service-kit',
      ['packages/cache-core'],
      'service-kit is built on cache-core alone.',
    ),
    only(
      'test-kit-on-local',
      'packages/test-kit',
      ['infra/local'],
      'test-kit serves the tests of all packages, and so uses none of them.',
    ),
    {
      name: 'chaos-on-test-kit',
      comment:
        'What judges the system shares no code with it, in its tests neither: it would repeat its mistakes.',
      severity: 'error',
      from: { path: '^packages/chaos/' },
      to: {
        path: part,
        pathNot: ['^packages/(chaos|test-kit)/', '^packages/simulator/src/mutants/', '^infra/local/'],
      },
    },
    only('local-alone', 'infra/local', [], 'The launcher starts services as processes; it links none in.'),
    {
      name: 'no-workshop-in-production',
      comment: 'Production code does not contain what starts databases or proves things in tests.',
      severity: 'error',
      from: { path: '^(packages|services)/', pathNot: [...tests, workshop] },
      to: { path: workshop },
    },
    {
      name: 'no-tests-in-production',
      comment: 'What a test needs, and nothing else does, stays with the tests.',
      severity: 'error',
      from: { path: part, pathNot: [...tests, workshop] },
      to: { path: tests },
    },
    {
      name: 'no-dev-dependency-in-production',
      comment:
        'A development dependency is not there in a deployment: make it a dependency, or import only its types.',
      severity: 'error',
      from: { path: '^(packages|services)/', pathNot: [...tests, workshop] },
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only'], pathNot: '/@types/' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^|/)(dist|coverage|[.]freshet)/' },
    tsPreCompilationDeps: true,
    combinedDependencies: false,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['@freshet/source', 'import', 'node', 'default'],
      extensions: ['.ts', '.tsx', '.mts', '.js', '.mjs', '.cjs', '.json', '.d.ts'],
    },
  },
};
