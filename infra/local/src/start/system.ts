import { basename, dirname, join } from 'node:path';
import { makeStoreFolder, stateFolder as folderOfStores, temporaryFolder } from '../parts/folders.ts';
import { ensurePrograms, type Program } from '../parts/system-packages.ts';
import { gatewayPart } from './gateway.ts';
import { createDatabases } from './given-postgres.ts';
import { checkRedis } from './given-redis.ts';
import { untilHealthy } from './healthy.ts';
import { openLogs, type Logs } from './logs.ts';
import type { StartOptions } from './options.ts';
import { postgresPart, redisPart, servicePart, type StoreFolder } from './parts.ts';
import { pickPort } from './ports.ts';
import { type Part, Supervisor } from './supervisor.ts';
import { type SystemDescription, type SystemFile, systemFile } from './system-file.ts';
import {
  databaseOf,
  domains,
  type Instance,
  planInstances,
  preferredPorts,
  type Servers,
} from './topology.ts';

/**
 * The whole system on this machine: Postgres and two Redis (or those that were given), the services and relays, the
 * gateway in front.
 */
export class System {
  readonly #options: StartOptions;
  readonly #report: (line: string) => void;
  readonly #supervisor: Supervisor;
  readonly #file: SystemFile;
  #instances: readonly Instance[] = [];
  #servers: Servers | undefined;
  #gateway = '';

  constructor(options: StartOptions, report: (line: string) => void) {
    this.#options = options;
    this.#report = report;
    this.#file = systemFile(options.stateFolder);
    this.#supervisor = new Supervisor({
      report,
      onRestart: () => void this.#file.write(this.describe()).catch((error) => report(String(error))),
    });
  }

  /**
   * Resolves when everything is healthy. After a rejection whatever was started still runs: call `stop`.
   *
   * @throws Refusal or LocalError, with what to do; the signal's reason when it aborts.
   */
  async start(signal: AbortSignal): Promise<SystemDescription> {
    const { given, root, stateFolder } = this.#options;
    const logs = await openLogs(stateFolder);
    await this.#file.remove();
    await ensurePrograms(programsFor(given), this.#report);
    signal.throwIfAborted();

    this.#report('Starting Postgres and Redis');
    this.#servers = await this.#startServers(logs);
    signal.throwIfAborted();

    this.#instances = await planInstances(this.#options.replicas);
    const port = await pickPort(preferredPorts.gateway);
    this.#gateway = `http://127.0.0.1:${port}`;
    this.#report(`Starting ${this.#instances.length} services and the gateway`);
    const servers = this.#servers;
    const backends = {
      'user-service': this.#of('user-service'),
      'inventory-service': this.#of('inventory-service'),
    };
    await this.#startAll(this.#instances.map((instance) => servicePart(instance, servers, root, logs)));
    await this.#untilHealthy(
      new Map(this.#instances.map(({ name, url }) => [name, `${url}/readyz`])),
      signal,
    );
    // Last, as in docker-compose.yml: it takes every replica for healthy until its first check has failed.
    await this.#startAll([gatewayPart({ port, backends, stateFolder, onLine: logs.of('gateway') })]);
    await this.#untilHealthy(new Map([['gateway', `${this.#gateway}/readyz`]]), signal);

    this.#supervisor.becomeSteady();
    const description = this.describe();
    await this.#file.write(description);
    return description;
  }

  describe(): SystemDescription {
    const pids = this.#supervisor.pids();
    const [relay] = this.#of('invalidation-relay');
    if (this.#servers === undefined || relay === undefined)
      throw new Error('the system has not been started');
    const instances = new Set(this.#instances.map(({ name }) => name));
    return {
      gateway: this.#gateway,
      console: relay.url,
      ...this.#servers,
      processes: this.#instances.map(({ name, service, url }) => ({
        name,
        service,
        url,
        pid: pids.get(name) ?? 0,
      })),
      infrastructure: [...pids]
        .filter(([name]) => !instances.has(name))
        .map(([name, pid]) => ({ name, pid })),
    };
  }

  /** In the order of the flow: no new requests, then the services that use the relays, then what all of them use. Bounded. */
  async stop(): Promise<void> {
    const names = (service: Instance['service']) => this.#of(service).map(({ name }) => name);
    await this.#supervisor.stop([
      ['gateway'],
      [...names('user-service'), ...names('inventory-service')],
      names('invalidation-relay'),
      ['redis-cache', 'redis-queue', 'postgres'],
    ]);
    await this.#file.remove();
  }

  killAll(): void {
    this.#supervisor.killAll();
  }

  async #startServers(logs: Logs): Promise<Servers> {
    const { given, root } = this.#options;
    const names = domains.map(databaseOf);
    // Before anything is started: what was given is the most likely thing to be wrong.
    if (given.postgres !== undefined) await createDatabases(given.postgres, names);
    if (given.redisCache !== undefined) await checkRedis(given.redisCache, 'REDIS_CACHE_URL');
    if (given.redisQueue !== undefined) await checkRedis(given.redisQueue, 'REDIS_QUEUE_URL');

    const ports = {
      postgres: await pickPort(preferredPorts.postgres),
      redisCache: await pickPort(preferredPorts.redisCache),
      redisQueue: await pickPort(preferredPorts.redisQueue),
    };
    let postgres = given.postgres ?? '';
    const parts: Part[] = [];
    if (given.postgres === undefined) {
      const where = { ...(await this.#storeFolder('postgres')), root, port: ports.postgres };
      parts.push(postgresPart(where, logs, (url) => (postgres = url)));
    }
    if (given.redisCache === undefined) parts.push(redisPart('cache', ports.redisCache, logs));
    if (given.redisQueue === undefined) {
      parts.push(redisPart('queue', ports.redisQueue, logs, await this.#storeFolder('redis-queue')));
    }
    await this.#startAll(parts);
    if (given.postgres === undefined) await createDatabases(postgres, names);
    return {
      postgres,
      redisCache: given.redisCache ?? `redis://127.0.0.1:${ports.redisCache}`,
      redisQueue: given.redisQueue ?? `redis://127.0.0.1:${ports.redisQueue}`,
    };
  }

  async #storeFolder(name: string): Promise<StoreFolder> {
    const { stateFolder, fresh } = this.#options;
    if (fresh) return { dataDir: await temporaryFolder(name), temporary: true };
    const checkout = basename(stateFolder) === '.freshet' ? dirname(stateFolder) : stateFolder;
    return { dataDir: await makeStoreFolder(join(await folderOfStores(checkout), name)), temporary: false };
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

  /** At the same time; waits for all of them even when one fails, so that `stop` knows them all. */
  async #startAll(parts: readonly Part[]): Promise<void> {
    const outcomes = await Promise.allSettled(parts.map((part) => this.#supervisor.start(part)));
    for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
  }

  #of(service: Instance['service']): Instance[] {
    return this.#instances.filter((instance) => instance.service === service);
  }
}

function programsFor(given: StartOptions['given']): Program[] {
  const needsRedis = given.redisCache === undefined || given.redisQueue === undefined;
  return needsRedis ? ['redis-server', 'haproxy'] : ['haproxy'];
}
