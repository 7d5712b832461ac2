import { Redis, type RedisOptions } from 'ioredis';
import { FreshetError } from '../errors.ts';
import type { RedisPort } from './port.ts';
import { parseSentinelUrl, type SentinelGroup, sentinelSettings } from './sentinel.ts';

export interface ConnectRedisOptions {
  /** Milliseconds after which a command that got no answer fails. Default 200. */
  commandTimeoutMs?: number;
  /** Milliseconds for a connection attempt. Default 1,000. */
  connectTimeoutMs?: number;
  /** Shown in `CLIENT LIST`. */
  connectionName?: string;
}

const RECONNECT_MAX_MS = 1_000;
const SILENCE_MS = 1_000;

/**
 * A connection as the protocol needs it: nothing is queued while disconnected and nothing is sent twice (a late
 * resend is another write), every command has a deadline, and a server that turned read-only is left.
 * `server` is a URL (`redis://…`, or `redis+sentinel://host:port,host:port/name`) or a Sentinel group: then whichever
 * server the Sentinels call the primary is connected to, at each attempt anew.
 * Give it an `error` listener, or connection errors are only counted as unavailability.
 * @throws FRESHET_INVALID_OPTIONS for a Sentinel URL that is none
 */
export function connectRedis(server: string | SentinelGroup, options: ConnectRedisOptions = {}): Redis {
  const commandTimeout = options.commandTimeoutMs ?? 200;
  const connectTimeout = options.connectTimeoutMs ?? 1_000;
  const settings = {
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    commandTimeout,
    // A half-open connection would time out command after command until TCP gives up, minutes later.
    socketTimeout: Math.max(SILENCE_MS, 2 * commandTimeout),
    connectTimeout,
    // A server that hangs does not answer a goodbye either, and until it is over nobody reconnects.
    disconnectTimeout: commandTimeout,
    keepAlive: 5_000,
    noDelay: true,
    protocol: 3 as const,
    retryStrategy: (attempt: number) =>
      Math.min(50 * 2 ** Math.min(attempt, 10), RECONNECT_MAX_MS) * (0.5 + Math.random() / 2),
    // A demoted primary answers READONLY: 1 reconnects without sending the command again.
    reconnectOnError: (error: Error) => (error.message.startsWith('READONLY') ? (1 as const) : false),
    ...(options.connectionName === undefined ? {} : { connectionName: options.connectionName }),
  } satisfies RedisOptions;
  const group = typeof server === 'string' ? (parseSentinelUrl(server) ?? { url: server }) : server;
  const redis =
    'url' in group
      ? new Redis(group.url, settings)
      : new Redis({ ...settings, ...sentinelSettings(group, connectTimeout) });
  // ioredis prints errors that nobody listens to; what fails is reported by the command that failed.
  redis.on('error', () => {});
  return redis;
}

/**
 * Connects anew: behind the same address, or by the Sentinels' word, there may be another server now. Does nothing while
 * there is no connection: a new one is being made, and ioredis gives up for good when it is stopped while it asks a Sentinel.
 */
export function reconnect(redis: Redis): void {
  if (redis.status === 'ready') redis.disconnect(true);
}

/**
 * Calls `onTrouble` once for each reason why there is no connection, until there is one again. The answer tells the last
 * one, such as `connect ECONNREFUSED …` or `WRONGPASS …`; undefined since the connection is ready.
 */
export function watchConnection(
  redis: Pick<Redis, 'on'>,
  onTrouble: (reason: string) => void,
): () => string | undefined {
  const told = new Set<string>();
  let last: string | undefined;
  redis.on('error', (error: Error & { code?: string }) => {
    // Of several addresses that all refuse, Node says nothing but the code.
    last = error.message || (error.code ?? error.name);
    if (told.has(last)) return;
    told.add(last);
    onTrouble(last);
  });
  redis.on('ready', () => {
    told.clear();
    last = undefined;
  });
  return () => last;
}

/** @throws FRESHET_INVALID_OPTIONS when `redis` would resend, queue or rename what the protocol sends. */
export function assertProtocolOptions({ options }: RedisPort): void {
  const wrong = [
    options.enableOfflineQueue !== false && 'enableOfflineQueue must be false',
    options.maxRetriesPerRequest !== 0 && 'maxRetriesPerRequest must be 0',
    options.autoResendUnfulfilledCommands !== false && 'autoResendUnfulfilledCommands must be false',
    (options.keyPrefix ?? '') !== '' && 'keyPrefix must be empty',
  ].filter((problem) => typeof problem === 'string');
  if (wrong.length > 0) {
    throw new FreshetError(
      'FRESHET_INVALID_OPTIONS',
      `This Redis connection could send a write twice or late: ${wrong.join('; ')}. Use connectRedis(url).`,
    );
  }
}
