import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startChildProcess } from '../parts/child-process.ts';
import { requireProgram } from '../parts/system-packages.ts';
import type { Part } from './supervisor.ts';

export interface GatewayOptions {
  readonly port: number;
  /** The replicas behind each backend of haproxy.cfg. */
  readonly backends: Readonly<Record<'user-service' | 'inventory-service', readonly Replica[]>>;
  /** For the file of the replicas, and a socket. */
  readonly stateFolder: string;
  readonly onLine?: (line: string) => void;
}

interface Replica {
  readonly name: string;
  readonly port: number;
}

const rules = join(import.meta.dirname, '../../../gateway/haproxy.cfg');

/** HAProxy with the rules of infra/gateway/haproxy.cfg, on 127.0.0.1. Its start resolves when it answers. */
export function gatewayPart(options: GatewayOptions): Part {
  return {
    name: 'gateway',
    async start() {
      await mkdir(options.stateFolder, { recursive: true });
      const replicas = join(options.stateFolder, 'gateway-servers.cfg');
      await writeFile(replicas, renderServers(options.backends));
      return startChildProcess({
        name: 'gateway',
        command: await requireProgram('haproxy'),
        args: ['-db', '-f', rules, '-f', replicas],
        // Takes the socket of haproxy.cfg.
        cwd: options.stateFolder,
        env: { ...process.env, GATEWAY_BIND: `127.0.0.1:${options.port}` },
        ready: { probe: () => fetch(`http://127.0.0.1:${options.port}/livez`) },
        // Finishes the requests under way; haproxy.cfg bounds it.
        stopSignal: 'SIGUSR1',
        ...(options.onLine && { onLine: options.onLine }),
      });
    },
  };
}

function renderServers(backends: GatewayOptions['backends']): string {
  return Object.entries(backends)
    .map(([backend, replicas]) => {
      const servers = replicas.map(({ name, port }) => `    server ${name} 127.0.0.1:${port}\n`);
      return `backend ${backend} from replicas\n${servers.join('')}`;
    })
    .join('\n');
}
