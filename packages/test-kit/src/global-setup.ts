import { ensurePrograms, LocalError, type Program, startPostgres } from '@freshet/local';
import type { TestProject } from 'vitest/node';

const programs: readonly Program[] = ['redis-server', 'haproxy', 'prometheus', 'promtool', 'chromium'];

/** Vitest's globalSetup: the programs that tests need, and one Postgres for the whole run; `createDatabase` gives each test file its own database. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  await installPrograms();
  const server = await startPostgres();
  project.provide('postgresUrl', server.url);
  return async () => {
    await server.stop();
  };
}

/** Where they cannot be installed, those tests fail that need one of them, and say what to install; the others run. */
async function installPrograms(): Promise<void> {
  try {
    await ensurePrograms(programs, (sentence) => console.log(sentence));
  } catch (error) {
    if (!(error instanceof LocalError) || error.code !== 'FRESHET_LOCAL_MISSING_PROGRAM') throw error;
  }
}
