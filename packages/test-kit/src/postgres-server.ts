import { startPostgres } from '@freshet/local';
import { inject } from 'vitest';
import { disposeAtFileEnd } from './disposal.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** Superuser's URL of the Postgres that global-setup started for this run. */
    postgresUrl?: string;
  }
}

let startedHere: Promise<string> | undefined;

/** The URL of the run's Postgres; without the global setup, of one that lives as long as this test file. */
export function postgresServer(): Promise<string> {
  const ofTheRun = inject('postgresUrl');
  if (ofTheRun !== undefined) return Promise.resolve(ofTheRun);
  startedHere ??= start();
  return startedHere;
}

async function start(): Promise<string> {
  const server = await startPostgres();
  disposeAtFileEnd('Postgres', () => server.stop());
  return server.url;
}
