import type { Redis } from 'ioredis';
import type { Clock } from '../clock.ts';

/** Calls back when a channel rings. */
export interface Doorbell {
  close(): Promise<void>;
}

const CHECK_EVERY_MS = 5_000;

/**
 * Listens on a connection of its own, which subscribes again by itself after a reconnect; what rang in between is caught up
 * from the log. A silent half-open connection would be noticed by TCP after 42 s: it is asked every 5 s.
 */
export function listen(redis: Redis, channel: string, clock: Clock, onRing: () => void): Doorbell {
  const subscriber = redis.duplicate({ enableOfflineQueue: true, autoResubscribe: true });
  let cancel = (): void => {};
  subscriber.on('error', () => {});
  subscriber.on('message', onRing);
  // Whatever rang while nobody listened.
  subscriber.on('ready', onRing);
  subscriber.subscribe(channel).catch(() => {
    // Not connected yet: ioredis subscribes what was asked for when it is.
  });
  const check = (): void => {
    cancel = clock.after(CHECK_EVERY_MS, () => {
      if (subscriber.status === 'ready') subscriber.ping().catch(() => subscriber.disconnect(true));
      check();
    });
  };
  check();
  return {
    close() {
      cancel();
      subscriber.disconnect();
      return Promise.resolve();
    },
  };
}
