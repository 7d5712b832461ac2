/** The part of ioredis that this library uses: an ioredis 6 `Redis` fits. */
export interface RedisPort {
  readonly status: string;
  readonly options: {
    enableOfflineQueue?: boolean | undefined;
    maxRetriesPerRequest?: number | null | undefined;
    autoResendUnfulfilledCommands?: boolean | undefined;
    keyPrefix?: string | undefined;
  };
  /** The socket; not there before the first connection. */
  readonly stream?: { cork(): void; uncork(): void } | undefined;
  evalsha(sha: string, keyCount: number, ...keysAndArgs: (string | number)[]): Promise<unknown>;
  eval(text: string, keyCount: number, ...keysAndArgs: (string | number)[]): Promise<unknown>;
  get(key: string): Promise<string | null>;
  publish(channel: string, message: string): Promise<number>;
  on(event: 'ready' | 'close', listener: () => void): unknown;
  off(event: 'ready' | 'close', listener: () => void): unknown;
}
