import { setTimeout as pause } from 'node:timers/promises';
import { Client } from 'pg';
import type { Ground } from '../ground/ground.ts';
import { until } from '../ground/until.ts';
import { percentile } from '../measure/statistics.ts';
import type { Latency, Result } from '../result.ts';
import { CommitClock, wallMs } from './commit-clock.ts';
import { ReplicaClient } from './replica-client.ts';

const updates = 250;
const giveUpMs = 10_000;
// Longer than the relay's tick and shorter than a renewal: samples begin at any phase of both.
const longestPauseMs = 150;

const services = new URL('../../../../services/', import.meta.url);

/**
 * From COMMIT to the other replica's memory being rid of the old value: two replicas of user-service and a relay, each a
 * process. Replica 2 is asked without a pause until it does not answer from memory any more; when that answer has
 * arrived, the sample ends. So a sample is too long by up to one request, never too short.
 */
export async function commitToApplied(ground: Ground): Promise<Result[]> {
  const databaseUrl = await ground.createDatabase('user');
  const [first, second] = await startUsers(ground, databaseUrl);
  const client = new Client({ connectionString: databaseUrl });
  await client.connect();
  const writer = new ReplicaClient(first);
  const reader = new ReplicaClient(second);
  try {
    const clock = await CommitClock.on(client);
    const created = await writer.send('POST', '/users', { name: 'Ada', email: 'ada@example.com' });
    const { id } = JSON.parse(created.text) as { id: string };
    const path = `/users/${id}`;
    const measure = (what: string, update: (name: string) => Promise<void>) =>
      sample(what, { path, reader, committedAt: () => clock.committedAt(id), update });
    return [
      await measure('COMMIT → applied, PATCH', async (name) => {
        const { status } = await writer.send('PATCH', path, { name });
        if (status !== 200) throw new Error(`PATCH was answered with ${status}.`);
      }),
      await measure('COMMIT → applied, plain SQL', async (name) => {
        await client.query('update users set name = $2 where id = $1', [id, name]);
      }),
    ];
  } finally {
    writer.close();
    reader.close();
    await client.end();
  }
}

async function startUsers(ground: Ground, databaseUrl: string): Promise<[string, string]> {
  const service = (name: string) =>
    ground.startProgram(new URL('user-service/src/main.ts', services), name, {
      REDIS_CACHE_URL: ground.redisCacheUrl,
      DATABASE_URL: databaseUrl,
    });
  const first = await service('user-service-1');
  const second = await service('user-service-2');
  await ground.startProgram(new URL('invalidation-relay/src/main.ts', services), 'user-relay', {
    REDIS_CACHE_URL: ground.redisCacheUrl,
    REDIS_QUEUE_URL: ground.redisQueueUrl,
    FRESHET_DOMAINS: 'user',
    USER_DATABASE_URL: databaseUrl,
  });
  return [first.url, second.url];
}

interface Sampled {
  readonly path: string;
  readonly reader: ReplicaClient;
  readonly update: (name: string) => Promise<void>;
  readonly committedAt: () => Promise<number>;
}

async function sample(what: string, { path, reader, update, committedAt }: Sampled): Promise<Latency> {
  const latencies: number[] = [];
  let discarded = 0;
  for (let index = 0; latencies.length < updates; index++) {
    await until(async () => fromMemory(await reader.send('GET', path)), 'replica 2 answers from memory');
    await pause(Math.random() * longestPauseMs);
    const gone = untilGone(reader, path);
    await update(`${what} ${index}`);
    const { at, why } = await gone;
    // It read nothing from memory because it had lost its lease: another matter.
    if (why.includes('lease-expired')) discarded++;
    else latencies.push(at - (await committedAt()));
    if (discarded > updates) throw new Error('Replica 2 does not hold its lease.');
  }
  return {
    kind: 'latency',
    what,
    samples: latencies.length,
    discarded,
    p50: percentile(latencies, 0.5),
    p99: percentile(latencies, 0.99),
    max: Math.max(...latencies),
  };
}

async function untilGone(reader: ReplicaClient, path: string): Promise<{ at: number; why: string }> {
  const deadline = wallMs() + giveUpMs;
  for (;;) {
    const answer = await reader.send('GET', path);
    const at = wallMs();
    if (!fromMemory(answer)) return { at, why: answer.cacheStatus };
    if (at > deadline) throw new Error(`Replica 2 answered from memory for ${giveUpMs} ms after an update.`);
  }
}

function fromMemory({ cacheStatus }: { cacheStatus: string }): boolean {
  return cacheStatus.includes('detail=l1');
}
