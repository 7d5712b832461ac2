import { startPostgres } from '@freshet/local';
import type { TestProject } from 'vitest/node';

/** Vitest's globalSetup: one Postgres for the whole run; `createDatabase` gives each test file its own database. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const server = await startPostgres();
  project.provide('postgresUrl', server.url);
  return async () => {
    await server.stop();
  };
}
