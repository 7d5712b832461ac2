import { createHash } from 'node:crypto';
import { contextOf } from '@freshet/cache-core/protocol';
import { within } from '@freshet/service-kit';
import { context } from '@opentelemetry/api';
import { type JobsOptions, Queue, type Telemetry, Worker } from 'bullmq';
import { Redis } from 'ioredis';
import { retryDelayMs } from './retry-delay.ts';

/** Then the job is given up, and the poll takes its rows: the outbox knows them, the queue only schedules. */
const MOST_ATTEMPTS = 20;
const ADD_DEADLINE_MS = 1_000;
const CLOSE_DEADLINE_MS = 2_000;

/** Rows of one batch that failed together. */
export interface FailedChunk {
  ids: readonly string[];
  delayMs: number;
  /** W3C trace context of the attempt that failed: the job is shown below it. */
  traceparent?: string | undefined;
}

/** Drains these rows; resolves when nothing is left to do for them. @throws RetryLater when they failed again. */
export type RetryRows = (ids: readonly string[]) => Promise<void>;

/** What `RetryRows` throws: not done, and when to come back (ms; without: by the usual backoff). */
export class RetryLater extends Error {
  override readonly name = 'RetryLater';
  readonly delayMs: number | undefined;

  constructor(message: string, delayMs?: number) {
    super(message);
    this.delayMs = delayMs;
  }
}

export interface RetryQueueOptions {
  /** Of the queue Redis. */
  url: string;
  domain: string;
  retry: RetryRows;
  random: () => number;
  /** Spans for jobs; only where tracing is on. */
  telemetry?: Telemetry;
  /** Called once when the queue begins to fail. */
  onTrouble: (reason: string) => void;
}

export interface RetryQueue {
  /** Resolves to whether the chunk is queued; false soon when the queue is down or hangs. Never rejects. */
  schedule(chunk: FailedChunk): Promise<boolean>;
  /** Ends within some seconds, whether or not the queue answers. */
  close(): Promise<void>;
}

/** Schedules another attempt for what failed, on a Redis of its own: any relay of the domain makes it. */
export function openRetryQueue({
  url,
  domain,
  retry,
  random,
  telemetry,
  onTrouble,
}: RetryQueueOptions): RetryQueue {
  const name = `freshet-retry-${domain}`;
  const spans = telemetry === undefined ? {} : { telemetry };
  // The drain waits for this one: it fails at once when the queue is down.
  const producer = new Redis(url, {
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    commandTimeout: ADD_DEADLINE_MS,
    connectTimeout: ADD_DEADLINE_MS,
    retryStrategy: reconnectDelayMs,
  });
  // BullMQ wants this one to wait for ever.
  const consumer = new Redis(url, { maxRetriesPerRequest: null, retryStrategy: reconnectDelayMs });
  let troubled = false;
  const report = (error: unknown): void => {
    if (!troubled) onTrouble(error instanceof Error ? error.message : String(error));
    troubled = true;
  };
  producer.on('ready', () => {
    troubled = false;
  });
  producer.on('error', report);
  consumer.on('error', report);

  const queue = new Queue<{ ids: readonly string[] }>(name, { connection: producer, ...spans });
  queue.on('error', report);
  const worker = new Worker<{ ids: readonly string[] }>(name, (job) => retry(job.data.ids), {
    connection: consumer,
    settings: {
      backoffStrategy: (attempts, _type, error) =>
        (error instanceof RetryLater ? error.delayMs : undefined) ?? retryDelayMs(attempts, random),
    },
    ...spans,
  });
  worker.on('error', report);

  return {
    async schedule({ ids, delayMs, traceparent }) {
      if (producer.status !== 'ready') return false;
      const options: JobsOptions = {
        delay: delayMs,
        attempts: MOST_ATTEMPTS,
        backoff: { type: 'custom' },
        deduplication: { id: chunkId(ids) },
        // Nothing is kept: a job that was given up would only hide that its rows are still in the outbox.
        removeOnComplete: true,
        removeOnFail: true,
      };
      const added = context.with(contextOf(traceparent) ?? context.active(), () =>
        queue.add('retry', { ids }, options),
      );
      try {
        await within(ADD_DEADLINE_MS, () => added, 'The queue did not take a retry in time.');
        return true;
      } catch (error) {
        report(error);
        return false;
      }
    },
    async close() {
      // A close that waits for its jobs never ends while the queue's Redis is down.
      const closing = Promise.all([worker.close(producer.status !== 'ready'), queue.close()]);
      await within(CLOSE_DEADLINE_MS, () => closing, 'The retry queue did not close in time.').catch(report);
      producer.disconnect();
      consumer.disconnect();
    },
  };
}

/** The same rows, failing together again, are the same chunk. */
function chunkId(ids: readonly string[]): string {
  return createHash('sha256').update(ids.join(',')).digest('hex').slice(0, 32);
}

function reconnectDelayMs(attempt: number): number {
  return Math.min(100 * 2 ** Math.min(attempt, 10), 2_000);
}
