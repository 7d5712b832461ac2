// Makes the operator's console, services/invalidation-relay/web/dist, unless it is there and of these sources.
// `npm start` and the tests call it; `pnpm build` does too.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, globSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const relay = join(dirname(fileURLToPath(import.meta.url)), '../../services/invalidation-relay');
const web = join(relay, 'web');
const made = join(web, 'dist');
const stamp = 'sources.sha256';

const wanted = hashOfSources();
if (!isMade()) {
  console.log('Building the console');
  // Beside its place, then moved there: whoever builds at the same time, or serves it, never sees half of one.
  const fresh = join(relay, `node_modules/.console-${process.pid}`);
  try {
    execFileSync(
      process.execPath,
      [
        join(relay, 'node_modules/vite/bin/vite.js'),
        'build',
        '--logLevel',
        'warn',
        '--emptyOutDir',
        '--outDir',
        fresh,
      ],
      { cwd: web, stdio: 'inherit' },
    );
    writeFileSync(join(fresh, stamp), wanted);
    rmSync(made, { recursive: true, force: true });
    renameSync(fresh, made);
  } catch (error) {
    rmSync(fresh, { recursive: true, force: true });
    // Another process may have been faster.
    if (!isMade()) {
      console.error(`The console could not be built: ${error.message}`);
      process.exit(1);
    }
  }
}

function isMade() {
  const file = join(made, stamp);
  return existsSync(file) && readFileSync(file, 'utf8') === wanted;
}

/** By content, since times of files say little after a checkout; package.json names the versions of what is bundled. */
function hashOfSources() {
  const hash = createHash('sha256');
  const sources = globSync(['index.html', 'vite.config.ts', 'src/**/*.{ts,tsx,css,svg}'], { cwd: web });
  for (const file of [...sources.toSorted(), '../package.json']) {
    hash
      .update(`${file}\0`)
      .update(readFileSync(join(web, file)))
      .update('\0');
  }
  return hash.digest('hex');
}
