import type { Redis } from 'ioredis';

/** Calls of SCAN for one page: a Redis that holds mostly other keys is passed a little faster. */
const MOST_CALLS = 5;

/** Goes over all keys of some services, page by page, again and again. What is there all the time is met in each pass. */
export class KeyScan {
  readonly #redis: Pick<Redis, 'scan'>;
  /** What is left of this pass; the first is being gone over. */
  #services: string[] = [];
  #cursor = '0';

  constructor(redis: Pick<Redis, 'scan'>) {
    this.#redis = redis;
  }

  /** About `count` keys, some of them twice; `ended`: a pass over all of them ends with these. */
  async page(count: number, services: readonly string[]): Promise<{ keys: string[]; ended: boolean }> {
    if (this.#services.length === 0) this.#services = [...services];
    const keys: string[] = [];
    for (let calls = 0; calls < MOST_CALLS && keys.length < count; calls++) {
      const [service] = this.#services;
      if (service === undefined) break;
      const [next, found] = await this.#redis.scan(this.#cursor, 'MATCH', `${service}:*`, 'COUNT', count);
      keys.push(...found);
      this.#cursor = next;
      if (next !== '0') continue;
      this.#services.shift();
      if (this.#services.length === 0) return { keys, ended: true };
    }
    return { keys, ended: false };
  }
}
