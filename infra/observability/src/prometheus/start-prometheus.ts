import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type ChildProcess,
  freePort,
  requireProgram,
  startChildProcess,
  temporaryFolder,
} from '@freshet/local';
import { configurationFor, type Target } from './configuration.ts';

export interface Prometheus extends ChildProcess {
  readonly url: string;
}

export interface PrometheusOptions {
  readonly targets: readonly Target[];
  /** Between two scrapes, and between two evaluations; default as shipped. */
  readonly everySeconds?: number;
  /** Of 127.0.0.1; default: a free one. */
  readonly port?: number;
}

/**
 * A real Prometheus on this machine, with the rules that ship. It keeps nothing when it ends.
 *
 * @throws LocalError FRESHET_LOCAL_MISSING_PROGRAM, FRESHET_LOCAL_EXITED_EARLY, FRESHET_LOCAL_NOT_READY
 */
export async function startPrometheus({
  targets,
  everySeconds,
  ...options
}: PrometheusOptions): Promise<Prometheus> {
  const command = await requireProgram('prometheus');
  const port = options.port ?? (await freePort());
  const folder = await temporaryFolder('prometheus');
  const configuration = join(folder, 'prometheus.yml');
  await writeFile(configuration, configurationFor(targets, everySeconds));
  const url = `http://127.0.0.1:${port}`;
  const child = await startChildProcess({
    name: 'Prometheus',
    command,
    args: [
      `--config.file=${configuration}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
    ],
    ready: {
      probe: async () => {
        const { ok, status } = await fetch(`${url}/-/ready`);
        if (!ok) throw new Error(`/-/ready answers ${status}`);
      },
    },
    temporaryFolder: folder,
  });
  return { ...child, url };
}
