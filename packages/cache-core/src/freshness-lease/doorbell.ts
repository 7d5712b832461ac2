import type { Redis } from 'ioredis';
import type { Clock } from '../clock.ts';
import { reconnect } from '../redis/connect.ts';

/** Listens to channels until it is closed. */
export interface Doorbell {
  /** Listens to whichever server a new connection leads to. */
  reconnect?(): void;
  close(): Promise<void>;
}

const CHECK_EVERY_MS = 5_000;

export interface Listening {
  /** What to do with a message, by channel. */
  channels: ReadonlyMap<string, (message: string) => void>;
  /** Called whenever it begins to listen: what was said before was missed. */
  onListening?: () => void;
}

/**
 * Listens on a connection of its own, and subscribes whenever that is made; what rang in between is caught up from the log.
 * (ioredis subscribes again by itself only where it once had, so not for a replica that started without Redis.)
 * A silent half-open connection would be noticed by TCP after 42 s: it is asked every 5 s.
 */
export function listen(redis: Redis, clock: Clock, { channels, onListening }: Listening): Doorbell {
  const subscriber = redis.duplicate({ autoResubscribe: false });
  let cancel = (): void => {};
  subscriber.on('error', () => {});
  subscriber.on('message', (channel, message) => channels.get(channel)?.(message));
  subscriber.on('ready', () => {
    // Once it listens, it asks for whatever rang while nobody did.
    subscriber.subscribe(...channels.keys()).then(
      () => onListening?.(),
      () => reconnect(subscriber),
    );
  });
  const check = (): void => {
    cancel = clock.after(CHECK_EVERY_MS, () => {
      if (subscriber.status === 'ready') subscriber.ping().catch(() => reconnect(subscriber));
      check();
    });
  };
  check();
  return {
    reconnect: () => reconnect(subscriber),
    close() {
      cancel();
      subscriber.disconnect();
      return Promise.resolve();
    },
  };
}
