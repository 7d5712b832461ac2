import { randomBytes } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import type { Clock } from '@freshet/cache-core/protocol';
import { unavailable } from '@freshet/service-kit';
import { Loop } from '../../domain/loop.ts';
import type { EventName } from '../schemas/events.ts';

/** What one look has found. */
export interface NewEvent {
  name: Exclude<EventName, 'overview' | 'reload'>;
  data: unknown;
}

/** Looks at something that changes. */
export interface EventSource {
  /** What has changed since the last look; the first tells nothing. Rejects when it cannot be asked just now. */
  look(): Promise<NewEvent[]>;
}

export interface EventHubOptions {
  clock: Clock;
  /** New ones for each stretch of listening: what they know of is as old as their first look. */
  sources: () => EventSource[];
  overview: () => Promise<unknown>;
}

const LOOK_EVERY_MS = 500;
const ALIVE_EVERY_MS = 15_000;
/** Whoever comes back within this has missed nothing. */
const LINGER_MS = 30_000;
const RETRY_MS = 2_000;
const MOST_LISTENERS = 32;
const KEPT_EVENTS = 500;
/** A listener that does not read is let go: it comes back, and is told what it missed. */
const MOST_UNREAD_BYTES = 1_000_000;

/** One stretch of listening, from the first listener to half a minute after the last. Ids are of one stretch. */
interface Stretch {
  readonly epoch: string;
  readonly loop: Loop;
  /** The last events, oldest first; the number of the last one is `last`. */
  readonly kept: { number: number; text: string }[];
  last: number;
}

/**
 * Tells everybody who listens to `/v1/events` what changes. Nothing is looked at while nobody listens.
 *
 * Idle → listening (the first listener) → lingering (nobody left; goes on for a while, so that whoever reconnects can be told
 * what it missed) → idle. Rejected: to be told of changes by the drain itself; another relay's are as interesting.
 */
export class EventHub {
  readonly #options: EventHubOptions;
  readonly #listeners = new Set<ServerResponse>();
  #stretch: Stretch | null = null;
  #stopLingering: () => void = () => {};
  #closed = false;

  constructor(options: EventHubOptions) {
    this.#options = options;
  }

  /** @throws Problem 503 `TOO_MANY_LISTENERS` */
  assertRoom(): void {
    if (this.#listeners.size < MOST_LISTENERS && !this.#closed) return;
    throw unavailable(
      'TOO_MANY_LISTENERS',
      `${MOST_LISTENERS} listen already, or this relay is shutting down. Try again soon.`,
    );
  }

  /** Tells `response` what changes from now on, and what has changed since the event that it saw last. */
  add(response: ServerResponse, lastEventId: string | undefined): void {
    this.#stopLingering();
    // A write to one that has just gone is an error, and one that nobody listens to ends the process.
    response.on('error', () => {});
    const stretch = (this.#stretch ??= this.#begin());
    response.write(`retry: ${RETRY_MS}\n\n`);
    for (const text of missed(stretch, lastEventId)) response.write(text);
    this.#listeners.add(response);
    response.once('close', () => this.#remove(response));
    stretch.loop.poke();
  }

  /** Ends every stream. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#stopLingering();
    for (const response of this.#listeners) response.end();
    // A look may be under way still: it must not write to them.
    this.#listeners.clear();
    await this.#end();
  }

  #remove(response: ServerResponse): void {
    this.#listeners.delete(response);
    if (this.#listeners.size > 0 || this.#closed) return;
    this.#stopLingering = this.#options.clock.after(LINGER_MS, () => void this.#end());
  }

  async #end(): Promise<void> {
    const stretch = this.#stretch;
    this.#stretch = null;
    await stretch?.loop.stop();
  }

  #begin(): Stretch {
    const { clock, overview } = this.#options;
    const sources = this.#options.sources();
    let looks = 0;
    let spokeAt = clock.monotonicMs();
    const stretch: Stretch = {
      epoch: randomBytes(6).toString('hex'),
      kept: [],
      last: 0,
      loop: new Loop({
        clock,
        everyMs: LOOK_EVERY_MS,
        run: async () => {
          const found = await Promise.allSettled(sources.map((source) => source.look()));
          for (const result of found) {
            if (result.status === 'fulfilled') for (const event of result.value) this.#tell(stretch, event);
          }
          // Every second look; the others are for what an operator watches happen.
          if (looks++ % 2 === 0 && this.#listeners.size > 0) {
            const text = `event: overview\nid: ${idOf(stretch)}\ndata: ${JSON.stringify(await overview())}\n\n`;
            this.#write(text);
            spokeAt = clock.monotonicMs();
          } else if (clock.monotonicMs() - spokeAt > ALIVE_EVERY_MS) {
            this.#write(': alive\n\n');
            spokeAt = clock.monotonicMs();
          }
        },
        // No domain can be asked for an overview: the next look may.
        onError: () => {},
      }),
    };
    return stretch;
  }

  #tell(stretch: Stretch, { name, data }: NewEvent): void {
    stretch.last++;
    const text = `event: ${name}\nid: ${idOf(stretch)}\ndata: ${JSON.stringify(data)}\n\n`;
    stretch.kept.push({ number: stretch.last, text });
    if (stretch.kept.length > KEPT_EVENTS) stretch.kept.shift();
    this.#write(text);
  }

  #write(text: string): void {
    for (const response of this.#listeners) {
      if (response.writableLength > MOST_UNREAD_BYTES) response.destroy();
      else response.write(text);
    }
  }
}

function idOf({ epoch, last }: Stretch): string {
  return `${epoch}-${last}`;
}

function missed(stretch: Stretch, lastEventId: string | undefined): string[] {
  if (lastEventId === undefined || lastEventId === '') return [];
  const [epoch, number] = lastEventId.split('-');
  const seen = Number(number);
  const oldest = stretch.kept[0]?.number ?? stretch.last + 1;
  if (epoch !== stretch.epoch || !Number.isInteger(seen) || seen < oldest - 1 || seen > stretch.last) {
    return [`event: reload\nid: ${idOf(stretch)}\ndata: {}\n\n`];
  }
  return stretch.kept.filter((event) => event.number > seen).map(({ text }) => text);
}
