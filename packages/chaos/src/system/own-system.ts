import { rm } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { ensurePrograms, fastTemporaryParent, freePort, temporaryFolder } from '@freshet/local';
import {
  createDatabases,
  databaseOf,
  gatewayPart,
  type Instance,
  type Logs,
  openLogs,
  type Part,
  postgresPart,
  redisPart,
  type ServiceName,
  servicePart,
  Supervisor,
  untilHealthy,
} from '@freshet/local/system';
import type { Target, TargetProcess } from '../contract.ts';
import { ensureFaketime } from './faketime.ts';
import { liveTarget } from './live-target.ts';
import { closeLinks, openLinks, serversBehind } from './links.ts';
import { makeQueueDisk } from './queue-disk.ts';
import { planSentinelGroup, type SentinelGroup } from './sentinel-group.ts';
import { SupervisedPart } from './supervised-part.ts';
import type {
  Capability,
  Death,
  Links,
  OwnControl,
  ProcessExtras,
  ProcessKind,
  ProcessUnderTest,
  SystemUnderTest,
} from './system-under-test.ts';

export interface OwnSystemOptions {
  /** Of each service. */
  readonly replicas: number;
  /** Whether the cache is a Sentinel group of three servers. */
  readonly sentinel: boolean;
  /** For every service and relay, at every start. */
  readonly extras: ProcessExtras;
  /** For logs, and the gateway's socket. */
  readonly folder: string;
  readonly report: (line: string) => void;
}

const ROOT = fileURLToPath(new URL('../../../../', import.meta.url));
const RELAYS = 2;
const SERVICES: readonly ServiceName[] = ['user-service', 'inventory-service', 'invalidation-relay'];
const DOMAINS = ['user', 'inventory'] as const;
/** A free port for the debugger, so that SIGUSR1 can open it in several processes. */
const INSPECTABLE = ['--inspect-port=0'];

/** Starts everything, each process behind proxies of its own. @throws after a start that failed; nothing runs then */
export async function startOwnSystem(
  options: OwnSystemOptions,
  signal: AbortSignal,
): Promise<SystemUnderTest> {
  const system = new OwnSystem(options);
  try {
    await system.start(signal);
    return system;
  } catch (error) {
    await system.stop();
    throw error;
  }
}

class OwnSystem implements SystemUnderTest, OwnControl {
  readonly deaths: Death[] = [];
  readonly capabilities = new Set<Capability>(['processes', 'own']);
  queueFolder = '';
  postgres = '';
  redisQueue = '';
  readonly #options: OwnSystemOptions;
  readonly #supervisor: Supervisor;
  readonly #parts = new Map<string, SupervisedPart>();
  readonly #kinds = new Map<string, ProcessKind>();
  readonly #links = new Map<string, Links>();
  readonly #extras = new Map<string, ProcessExtras>();
  readonly #held = new Set<() => void>();
  readonly #cleanUps: (() => Promise<unknown>)[] = [];
  #instances: Instance[] = [];
  #gateway = '';
  #redisCache = '';
  #group: SentinelGroup | undefined;

  constructor(options: OwnSystemOptions) {
    this.#options = options;
    this.#supervisor = new Supervisor({ report: options.report, onRestart: () => {} });
  }

  /** Alive: what it says is so at the moment of asking. */
  readonly target: Target = liveTarget(this.#of.bind(this), {
    gateway: () => this.#gateway,
    postgres: () => this.postgres,
    redisCache: () => this.#group?.primaryUrl() ?? this.#redisCache,
  });

  get own(): OwnControl {
    return this;
  }

  get sentinel() {
    return this.#group;
  }

  async start(signal: AbortSignal): Promise<void> {
    const { folder, report, sentinel } = this.#options;
    const logs = this.#listening(await openLogs(folder));
    await ensurePrograms(['redis-server', 'haproxy'], report);
    if (await ensureFaketime(report)) this.capabilities.add('faketime');
    signal.throwIfAborted();
    await this.#startServers(logs, sentinel);
    signal.throwIfAborted();
    await this.#startServices(logs, signal);
    await this.#startGateway(logs, signal);
    this.#supervisor.becomeSteady();
  }

  processes(...kinds: ProcessKind[]): ProcessUnderTest[] {
    return [...this.#kinds]
      .filter(([, kind]) => kinds.length === 0 || kinds.includes(kind))
      .map(([name, kind]) => {
        const url = this.#instances.find((instance) => instance.name === name)?.url;
        return {
          name,
          kind,
          pid: () => this.#supervisor.pids().get(name),
          ...(url !== undefined && { url }),
        };
      });
  }

  links(name: string): Links {
    const links = this.#links.get(name);
    if (links === undefined) throw new Error(`${name} has no proxies.`);
    return links;
  }

  holdDown(name: string): () => void {
    const release = this.#part(name).holdDown();
    this.#held.add(release);
    return release;
  }

  setExtras(name: string, extras: ProcessExtras | null): void {
    if (extras === null) this.#extras.delete(name);
    else this.#extras.set(name, extras);
  }

  linesSince(name: string, at: number): readonly string[] {
    return this.#part(name).linesSince(at);
  }

  async stop(): Promise<void> {
    for (const release of this.#held) release();
    const names = (...kinds: ProcessKind[]) => this.processes(...kinds).map(({ name }) => name);
    await this.#supervisor.stop([
      names('gateway'),
      names('user-service', 'inventory-service'),
      names('invalidation-relay'),
      names('sentinel'),
      names('redis-cache', 'redis-queue', 'postgres'),
    ]);
    for (const links of this.#links.values()) await closeLinks(links);
    for (const cleanUp of this.#cleanUps.toReversed()) await cleanUp();
  }

  killAll(): void {
    this.#supervisor.killAll();
  }

  async #startServers(logs: Logs, sentinel: boolean): Promise<void> {
    const ports = { postgres: await freePort(), redisQueue: await freePort(), redisCache: await freePort() };
    const disk = await makeQueueDisk();
    this.queueFolder = disk.folder;
    this.#cleanUps.push(() => disk.remove());
    if (disk.limited) this.capabilities.add('queue-disk');
    const postgresFolder = await temporaryFolder('chaos-postgres', { parent: await fastTemporaryParent() });
    this.#cleanUps.push(() => rm(postgresFolder, { recursive: true, force: true }));

    const postgres = { dataDir: postgresFolder, temporary: true, root: ROOT, port: ports.postgres };
    const queue = { dataDir: disk.folder, temporary: false };
    await this.#startAll([
      ['postgres', postgresPart(postgres, logs, (url) => (this.postgres = url))],
      ['redis-queue', redisPart('queue', ports.redisQueue, logs, queue)],
    ]);
    this.redisQueue = `redis://127.0.0.1:${ports.redisQueue}`;
    await createDatabases(this.postgres, DOMAINS.map(databaseOf));
    if (sentinel) await this.#startSentinelGroup(logs);
    else {
      this.capabilities.add('lone-redis');
      await this.#startAll([['redis-cache', redisPart('cache', ports.redisCache, logs)]]);
      this.#redisCache = `redis://127.0.0.1:${ports.redisCache}`;
    }
  }

  async #startSentinelGroup(logs: Logs): Promise<void> {
    this.capabilities.add('sentinel');
    const group = await planSentinelGroup(logs);
    this.#group = group;
    this.#cleanUps.push(() => group.close());
    await this.#startAll(group.serverParts.map((part) => ['redis-cache', part]));
    await this.#startAll(group.sentinelParts.map((part) => ['sentinel', part]));
    await group.untilComplete();
    this.#redisCache = group.url;
  }

  async #startServices(logs: Logs, signal: AbortSignal): Promise<void> {
    const counts: Record<ServiceName, number> = {
      'user-service': this.#options.replicas,
      'inventory-service': this.#options.replicas,
      'invalidation-relay': RELAYS,
    };
    const servers = {
      postgres: this.postgres,
      redisCache: this.#redisCache,
      redisQueue: this.redisQueue,
    };
    const parts: [ServiceName, Part][] = [];
    for (const service of SERVICES) {
      for (let number = 1; number <= counts[service]; number++) {
        const port = await freePort();
        const name = `${service}-${number}`;
        const links = await openLinks(servers, {
          redisCache: this.#group === undefined,
          redisQueue: service === 'invalidation-relay',
        });
        const instance = { name, service, port, url: `http://127.0.0.1:${port}` };
        this.#links.set(name, links);
        this.#instances.push(instance);
        const extras = () => this.#extrasOf(name);
        parts.push([service, servicePart(instance, serversBehind(links, servers), ROOT, logs, extras)]);
      }
    }
    await this.#startAll(parts);
    await this.#untilHealthy(
      new Map(this.#instances.map(({ name, url }) => [name, `${url}/readyz`])),
      signal,
    );
  }

  async #startGateway(logs: Logs, signal: AbortSignal): Promise<void> {
    const port = await freePort();
    const backend = (service: ServiceName) =>
      this.#instances.filter((instance) => instance.service === service);
    const part = gatewayPart({
      port,
      backends: {
        'user-service': backend('user-service'),
        'inventory-service': backend('inventory-service'),
      },
      stateFolder: this.#options.folder,
      onLine: logs.of('gateway'),
    });
    this.#gateway = `http://127.0.0.1:${port}`;
    await this.#startAll([['gateway', part]]);
    await this.#untilHealthy(new Map([['gateway', `${this.#gateway}/readyz`]]), signal);
  }

  async #startAll(parts: readonly (readonly [kind: ProcessKind, part: Part])[]): Promise<void> {
    const starting = parts.map(([kind, part]) => {
      const supervised = new SupervisedPart(part, this.deaths);
      this.#parts.set(part.name, supervised);
      this.#kinds.set(part.name, kind);
      return this.#supervisor.start(supervised);
    });
    for (const outcome of await Promise.allSettled(starting)) {
      if (outcome.status === 'rejected') throw outcome.reason;
    }
  }

  async #untilHealthy(urls: ReadonlyMap<string, string>, signal: AbortSignal): Promise<void> {
    const enough = new AbortController();
    try {
      await Promise.race([
        this.#supervisor.failed,
        untilHealthy(urls, AbortSignal.any([signal, enough.signal])),
      ]);
    } finally {
      enough.abort();
    }
  }

  #extrasOf(name: string): ProcessExtras {
    const { extras } = this.#options;
    const own = this.#extras.get(name) ?? {};
    return {
      nodeArgs: [...INSPECTABLE, ...(extras.nodeArgs ?? []), ...(own.nodeArgs ?? [])],
      env: { ...extras.env, ...own.env },
    };
  }

  #of(...services: ServiceName[]): TargetProcess[] {
    const pids = this.#supervisor.pids();
    return this.#instances
      .filter(({ service }) => services.includes(service))
      .map(({ name, service, url }) => ({ name, service, url, pid: pids.get(name) ?? 0 }));
  }

  #part(name: string): SupervisedPart {
    const part = this.#parts.get(name);
    if (part === undefined) throw new Error(`There is no process ${name}.`);
    return part;
  }

  /** What goes into the files of the logs is also remembered for a while. */
  #listening(logs: Logs): Logs {
    return {
      folder: logs.folder,
      of: (name) => {
        const write = logs.of(name);
        return (line) => {
          write(line);
          this.#parts.get(name)?.heard(line);
        };
      },
    };
  }
}
