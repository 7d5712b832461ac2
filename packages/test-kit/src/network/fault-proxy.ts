import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { freePort } from '@freshet/local';
import { type Direction, NetworkFaults } from './network-faults.ts';
import { ProxiedConnection } from './proxied-connection.ts';

/** Where the server listens on 127.0.0.1. */
export type FaultProxyTarget = { readonly port: number } | { readonly url: string };

/** The proof that a fault was felt. */
export interface FaultProxyStats {
  /** Connections that were accepted, ever. */
  readonly connections: number;
  /** Connections that are open now. */
  readonly open: number;
  /** Connections that `cut` ended. */
  readonly cut: number;
  /** Bytes that came during a pause. */
  readonly heldBytes: number;
  /** Bytes that were thrown away. */
  readonly droppedBytes: number;
  /** Bytes that came while a delay was on. */
  readonly delayedBytes: number;
}

export interface FaultProxy {
  /** The target's URL with this proxy's port; `tcp://127.0.0.1:…` when the target was given as a port. */
  readonly url: string;
  readonly port: number;
  /** Bytes wait, in one direction or in both, on every connection, new ones too: nothing is lost, nothing arrives. */
  pause(direction?: Direction): void;
  /** Bytes are thrown away until `resume`, and the sender believes that they arrived. */
  drop(direction: Direction): void;
  /** Ends pauses and drops. A connection that lost bytes is reset, as its stream has a hole. */
  resume(): void;
  /** Each chunk arrives this much later; 0 for no more of it. */
  delay(ms: number, direction?: Direction): void;
  /** Resets every connection, at both ends; what waited in them is lost. */
  cut(): void;
  /** New connections get ECONNREFUSED; open ones live on. */
  refuse(): Promise<void>;
  /** Listens again, on the same port. */
  accept(): Promise<void>;
  /**
   * Shows each chunk before it is sent on. A fault that the watcher begins applies to that chunk already, so
   * a COMMIT's answer can be lost: on seeing COMMIT, drop 'toClient'. Returns what takes the watcher away.
   */
  watch(watcher: (chunk: Buffer, direction: Direction) => void): () => void;
  stats(): FaultProxyStats;
  close(): Promise<void>;
}

/** A TCP proxy on 127.0.0.1, between clients and a server of this machine, until it is closed. */
export async function openFaultProxy(target: FaultProxyTarget): Promise<FaultProxy> {
  const targetUrl = new URL('url' in target ? target.url : `tcp://127.0.0.1:${target.port}`);
  const port = await freePort();
  const faults = new NetworkFaults();
  const open = new Set<ProxiedConnection>();
  let connections = 0;
  let cut = 0;
  let listener: Server | undefined;

  const proxy: FaultProxy = {
    url: withPort(targetUrl, port),
    port,
    pause: (direction) => faults.setMode('hold', direction),
    drop: (direction) => faults.setMode('drop', direction),
    resume() {
      faults.setMode('flow');
      for (const connection of open) connection.recover();
    },
    delay: (ms, direction) => faults.setDelay(ms, direction),
    cut() {
      cut += open.size;
      for (const connection of open) connection.reset();
    },
    async refuse() {
      const closing = listener;
      listener = undefined;
      // Not waiting for 'close', which comes when the last open connection ends; the port is closed at once.
      closing?.close();
    },
    async accept() {
      if (listener) return;
      listener = createServer({ allowHalfOpen: true }, (client) => {
        connections += 1;
        const connection = new ProxiedConnection(client, Number(targetUrl.port), faults, () =>
          open.delete(connection),
        );
        open.add(connection);
      });
      listener.listen(port, '127.0.0.1');
      await once(listener, 'listening');
    },
    watch(watcher) {
      faults.watchers.add(watcher);
      return () => faults.watchers.delete(watcher);
    },
    stats: () => ({
      connections,
      open: open.size,
      cut,
      heldBytes: faults.heldBytes,
      droppedBytes: faults.droppedBytes,
      delayedBytes: faults.delayedBytes,
    }),
    async close() {
      await proxy.refuse();
      for (const connection of open) connection.reset();
    },
  };
  await proxy.accept();
  return proxy;
}

function withPort(url: URL, port: number): string {
  return Object.assign(new URL(url), { hostname: '127.0.0.1', port: String(port) }).href;
}
