import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { disposeAtEnd } from './disposal.ts';
import { eventually } from './eventually.ts';
import { startRedis, type TestRedis } from './redis.ts';
import { type Sentinel, startSentinel } from './sentinel.ts';

export interface SentinelGroupOptions {
  /** Milliseconds without an answer after which a Sentinel takes a server for dead. Default 1,000: a busy machine must not be taken for a dead one. */
  readonly downAfterMs?: number;
  /** Milliseconds for which a primary that was replaced may go on as one, once it is seen again. Default 800. */
  readonly demoteAfterMs?: number;
}

/** One primary, two replicas and three Sentinels, each a process of its own. */
export interface TestSentinelGroup {
  readonly name: string;
  readonly sentinels: readonly { host: string; port: number }[];
  /** `redis+sentinel://…`, as `connectRedis` takes it. */
  readonly url: string;
  /** The three servers, the first primary first. */
  readonly servers: readonly TestRedis[];
  /** The server that most Sentinels call the primary. */
  primary(): Promise<TestRedis>;
  /** Waits until the Sentinels have made another server the primary, and it says so itself. */
  successorOf(server: TestRedis): Promise<TestRedis>;
  /** Waits until each Sentinel knows the primary, both replicas and the other Sentinels, and the replicas are in step. */
  untilWell(): Promise<void>;
  /** No replica gets what this primary writes from now on; resolves when both links are down. */
  holdReplication(primary: TestRedis): Promise<void>;
  letReplicate(primary: TestRedis): Promise<void>;
  /** From now on a primary that was replaced goes on as one for longer than any test. */
  neverDemote(): Promise<void>;
  /** Orders the Sentinels to make another server the primary, although nothing is wrong with this one. */
  failOver(): Promise<void>;
  /** A connection for looking at one server, and for orders to it. */
  direct(server: TestRedis): Redis;
}

const NAME = 'freshet';
const QUORUM = 2;
const NEVER_MS = 3_600_000;
/** Replicas log in as somebody, so that a primary can refuse them and nobody else. */
const REPLICA = { user: 'replica', password: 'replica' };

/** A Sentinel group for this test or test file, its replicas in step. */
export async function startSentinelGroup({
  downAfterMs = 1_000,
  demoteAfterMs = 800,
}: SentinelGroupOptions = {}): Promise<TestSentinelGroup> {
  const settings = {
    aclfile: await writeUsers(),
    masteruser: REPLICA.user,
    masterauth: REPLICA.password,
    // By default a primary waits 5 s for more replicas before it begins to feed the first.
    'repl-diskless-sync-delay': '0',
  };
  const first = await startRedis({ settings });
  const following = { ...settings, replicaof: `127.0.0.1 ${first.port}` };
  const replicas = await Promise.all([
    startRedis({ settings: following }),
    startRedis({ settings: following }),
  ]);
  const servers = [first, ...replicas];
  const monitored = { name: NAME, primaryPort: first.port, quorum: QUORUM, downAfterMs, demoteAfterMs };
  const sentinels = await Promise.all([1, 2, 3].map(() => startSentinel(monitored)));
  const connections = new Map(servers.map((server) => [server, watcher(server.port)]));

  const direct = (server: TestRedis): Redis => {
    const connection = connections.get(server);
    if (connection === undefined) throw new Error('This server is of another group.');
    return connection;
  };
  const group: TestSentinelGroup = {
    name: NAME,
    sentinels: sentinels.map(({ port }) => ({ host: '127.0.0.1', port })),
    url: `redis+sentinel://${sentinels.map(({ port }) => `127.0.0.1:${port}`).join(',')}/${NAME}`,
    servers,
    direct,
    async primary() {
      const ports = await Promise.all(sentinels.map((sentinel) => sentinel.primaryPort(NAME)));
      const server = servers.find(({ port }) => ports.filter((named) => named === port).length >= QUORUM);
      if (server === undefined) throw new Error(`The Sentinels do not agree: ${ports.join(', ')}.`);
      return server;
    },
    successorOf: (server) =>
      eventually(
        async () => {
          const primary = await group.primary();
          return primary !== server && (await roleOf(direct(primary))) === 'master' && primary;
        },
        { what: 'the Sentinels have made another server the primary', deadlineMs: 30_000 },
      ),
    untilWell: () =>
      eventually(() => assertWell(group, sentinels), {
        what: 'the Sentinel group is complete and in step',
        deadlineMs: 30_000,
      }),
    async holdReplication(primary) {
      await direct(primary).acl('SETUSER', REPLICA.user, 'off');
      await direct(primary).client('KILL', 'USER', REPLICA.user);
      await eventually(
        async () => {
          for (const server of servers.filter((one) => one !== primary)) {
            const info = await direct(server).info('replication');
            if (!info.includes('master_link_status:down')) throw new Error('A replica is still connected.');
          }
        },
        { what: 'no replica is connected' },
      );
    },
    async neverDemote() {
      await Promise.all(sentinels.map((sentinel) => sentinel.demoteAfter(NEVER_MS)));
    },
    failOver: () => sentinels[0]?.failOver(NAME) ?? Promise.resolve(),
    async letReplicate(primary) {
      await direct(primary).acl('SETUSER', REPLICA.user, 'on');
    },
  };
  await group.untilWell();
  return group;
}

async function assertWell(group: TestSentinelGroup, sentinels: readonly Sentinel[]): Promise<void> {
  const primary = await group.primary();
  for (const sentinel of sentinels) {
    const known = await sentinel.knows(NAME);
    if (known.replicas !== 2 || known.sentinels !== 2 || known.flags !== 'master') {
      throw new Error(`A Sentinel knows ${JSON.stringify(known)}.`);
    }
  }
  const offsets = await Promise.all(
    group.servers.map(async (server) => {
      const info = await group.direct(server).info('replication');
      if (server !== primary && !info.includes('master_link_status:up')) throw new Error('A link is down.');
      return /master_replid:(\w+)/.exec(info)?.[1];
    }),
  );
  if (new Set(offsets).size !== 1) throw new Error('The servers have different histories.');
}

/** In a file, as a server that is restarted has to know them at once. */
async function writeUsers(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'freshet-users-'));
  disposeAtEnd('Users of a Sentinel group', () => rm(folder, { recursive: true, force: true }));
  // Whom Redis runs as may be another user.
  await chmod(folder, 0o755);
  const file = join(folder, 'users.acl');
  const { user, password } = REPLICA;
  await writeFile(
    file,
    `user default on nopass ~* &* +@all\nuser ${user} on >${password} +psync +replconf +ping\n`,
  );
  return file;
}

async function roleOf(redis: Redis): Promise<string | undefined> {
  return /role:(\w+)/.exec(await redis.info('replication'))?.[1];
}

function watcher(port: number): Redis {
  const redis = new Redis({
    port,
    host: '127.0.0.1',
    retryStrategy: () => 50,
    maxRetriesPerRequest: 0,
    // One that is paused must not hold up whoever looks at it.
    commandTimeout: 2_000,
    socketTimeout: 2_000,
    disconnectTimeout: 100,
  });
  redis.on('error', () => {});
  disposeAtEnd('Connection to a server of the Sentinel group', async () => redis.disconnect());
  return redis;
}
