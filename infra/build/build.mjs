// Makes what production runs: every project of tsconfig.build.json compiled into its dist, with the scripts beside it, and
// the operator's console.
import { execFileSync } from 'node:child_process';
import { cpSync, globSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '../..');
const { references } = JSON.parse(readFileSync(join(root, 'tsconfig.build.json'), 'utf8'));
const projects = references.map(({ path }) => dirname(join(root, path)));

// What a deleted source left behind would be built into the image, old migrations among it.
for (const project of projects) rmSync(join(project, 'dist'), { recursive: true, force: true });

try {
  execFileSync(join(root, 'node_modules/.bin/tsc'), ['-b', 'tsconfig.build.json'], {
    cwd: root,
    stdio: 'inherit',
  });
  execFileSync(process.execPath, [join(root, 'infra/build/console.mjs')], { stdio: 'inherit' });
} catch {
  console.error('The build failed, see above.');
  process.exit(1);
}

// Code reads its Lua and SQL from files beside itself; the compiler carries none of them over.
for (const project of projects) {
  for (const script of globSync('**/*.{lua,sql}', { cwd: join(project, 'src') })) {
    cpSync(join(project, 'src', script), join(project, 'dist', script), { recursive: true });
  }
}
console.log(`Built ${projects.map((project) => project.slice(root.length + 1)).join(', ')}`);
