import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, startRedisServer, startSentinelServer } from '@freshet/local';
import type { Logs, Part } from '@freshet/local/system';
import { Redis } from 'ioredis';
import { untilTrue } from '../until.ts';
import type { SentinelControl } from './system-under-test.ts';

export interface SentinelGroup extends SentinelControl {
  readonly url: string;
  readonly serverParts: readonly Part[];
  readonly sentinelParts: readonly Part[];
  /** As of the last look at the Sentinels, which is at most a moment ago. */
  primaryUrl(): string;
  untilComplete(): Promise<void>;
  close(): Promise<void>;
}

const GROUP = 'freshet';
const QUORUM = 2;
const DOWN_AFTER_MS = 1_000;
const LOOK_EVERY_MS = 250;
// Their own periods are made for networks: 10 s.
const PERIODS = ['info-period', '100', 'ask-period', '100', 'publish-period', '250'];

/** Each kind of caller logs in as another, so that a primary can refuse its replicas or the Sentinels while clients go on. */
export const REPLICA_USER = 'replica';
export const SENTINEL_USER = 'sentinel';
const SENTINEL_RIGHTS =
  'allchannels +multi +slaveof +ping +exec +subscribe +config|rewrite +role +publish +info +client|setname +client|kill +script|kill';
const USERS = [
  'user default off',
  'user service on >service ~* &* +@all',
  'user chaos on >chaos ~* &* +@all',
  `user ${REPLICA_USER} on >${REPLICA_USER} +psync +replconf +ping`,
  `user ${SENTINEL_USER} on >${SENTINEL_USER} ${SENTINEL_RIGHTS}`,
];

/** A primary, two replicas and three Sentinels, to be started as parts. */
export async function planSentinelGroup(logs: Logs): Promise<SentinelGroup> {
  const folder = await mkdtemp(join(tmpdir(), 'freshet-users-'));
  // Whom Redis runs as may be another user.
  await chmod(folder, 0o755);
  const aclfile = join(folder, 'users.acl');
  await writeFile(aclfile, `${USERS.join('\n')}\n`);

  const ports = [await freePort(), await freePort(), await freePort()] as const;
  const sentinelPorts = [await freePort(), await freePort(), await freePort()];
  const [firstPort] = ports;
  const servers = new Map(ports.map((port, index) => [port, `redis-cache-${index + 1}`]));
  const started = new Set<number>();
  const serverPart = (port: number, name: string): Part => ({
    name,
    start() {
      // After its first start a server begins alone, and the Sentinels tell it whom to follow.
      const follows = port !== firstPort && !started.has(port);
      started.add(port);
      return startRedisServer({
        flavour: 'cache',
        port,
        onLine: logs.of(name),
        settings: {
          aclfile,
          masteruser: REPLICA_USER,
          masterauth: REPLICA_USER,
          // By default a primary waits 5 s for more replicas before it begins to feed the first.
          'repl-diskless-sync-delay': '0',
          ...(follows && { replicaof: `127.0.0.1 ${firstPort}` }),
        },
      });
    },
  });
  const watched = { name: GROUP, primaryPort: firstPort, quorum: QUORUM, downAfterMs: DOWN_AFTER_MS };
  const sentinelPart = (port: number, name: string): Part => ({
    name,
    async start() {
      const settings = [
        `sentinel auth-user ${GROUP} ${SENTINEL_USER}`,
        `sentinel auth-pass ${GROUP} ${SENTINEL_USER}`,
      ];
      const child = await startSentinelServer({ ...watched, port, settings, onLine: logs.of(name) });
      await ask(port, (redis) => redis.call('SENTINEL', 'DEBUG', ...PERIODS));
      return child;
    },
  });

  let primary: number = firstPort;
  const primaryPort = async (): Promise<number | undefined> => {
    const named = await Promise.all(sentinelPorts.map(portNamedBy));
    return ports.find((port) => named.filter((one) => one === port).length >= QUORUM);
  };
  const look = setInterval(() => {
    void primaryPort().then((port) => {
      if (port !== undefined) primary = port;
    });
  }, LOOK_EVERY_MS);
  return {
    group: GROUP,
    sentinelPorts,
    servers,
    url: `redis+sentinel://service:service@${sentinelPorts.map((port) => `127.0.0.1:${port}`).join(',')}/${GROUP}`,
    serverParts: [...servers].map(([port, name]) => serverPart(port, name)),
    sentinelParts: sentinelPorts.map((port, index) => sentinelPart(port, `sentinel-${index + 1}`)),
    primaryPort,
    serverUrl,
    primaryUrl: () => serverUrl(primary),
    untilComplete: () =>
      untilTrue('the Sentinel group is complete', 30_000, async () => {
        const infos = await Promise.all(sentinelPorts.map((port) => ask(port, masterOf)));
        return infos.every((info) => info?.['num-slaves'] === '2' && info['num-other-sentinels'] === '2');
      }),
    async close() {
      clearInterval(look);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function serverUrl(port: number): string {
  return `redis://chaos:chaos@127.0.0.1:${port}`;
}

async function portNamedBy(sentinelPort: number): Promise<number | undefined> {
  const address = await ask(sentinelPort, (redis) =>
    redis.call('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', GROUP),
  );
  return Array.isArray(address) ? Number(address[1]) : undefined;
}

async function masterOf(redis: Redis): Promise<Record<string, string>> {
  const fields = (await redis.call('SENTINEL', 'MASTER', GROUP)) as string[];
  const pairs: Record<string, string> = {};
  for (let at = 0; at + 1 < fields.length; at += 2) pairs[String(fields[at])] = String(fields[at + 1]);
  return pairs;
}

/** undefined: no answer. */
async function ask<R>(port: number, question: (redis: Redis) => Promise<R>): Promise<R | undefined> {
  const redis = new Redis({
    port,
    host: '127.0.0.1',
    lazyConnect: true,
    commandTimeout: 1_000,
    connectTimeout: 1_000,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
    disconnectTimeout: 100,
  });
  redis.on('error', () => {});
  try {
    await redis.connect();
    return await question(redis);
  } catch {
    return undefined;
  } finally {
    redis.disconnect();
  }
}
