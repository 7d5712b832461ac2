import { Redis } from 'ioredis';
import { Refusal } from './refusal.ts';

const CONNECT_WITHIN_MS = 5_000;

/**
 * @param variable where the URL comes from, for the message.
 * @throws Refusal when the server cannot be reached, does not let us in, or takes no writes.
 */
export async function checkRedis(url: string, variable: string): Promise<void> {
  let lastError: unknown;
  const redis = new Redis(url, {
    lazyConnect: true,
    connectTimeout: CONNECT_WITHIN_MS,
    commandTimeout: CONNECT_WITHIN_MS,
    // The default keeps the process for two more seconds.
    disconnectTimeout: 100,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
  });
  redis.on('error', (error) => {
    lastError = error;
  });
  try {
    await redis.connect();
    const role = await redis.role();
    if (role[0] !== 'master') throw new Error(`it is a ${String(role[0])}, not a primary`);
  } catch (error) {
    throw new Refusal(explain(lastError ?? error, url, variable), { cause: error });
  } finally {
    redis.disconnect();
  }
}

function explain(error: unknown, url: string, variable: string): string {
  const { hostname, port } = new URL(url);
  const where = `${hostname}:${port || 6379}`;
  const reason = error instanceof Error ? error.message : String(error);
  if (/NOAUTH|WRONGPASS|ERR AUTH|invalid password/i.test(reason)) {
    return `Redis at ${where} does not let us in (${reason}): correct the password in ${variable}, or unset it to have a Redis started.`;
  }
  return `Redis at ${where} cannot be used (${reason}): is it running, and is ${variable} right? Unset it to have a Redis started.`;
}
