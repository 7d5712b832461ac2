import type { EventData, EventName } from '../api/contract.ts';

/** `reconnecting` says since when, in ms of `Date.now()`. */
export type Connection =
  | { readonly state: 'connecting' }
  | { readonly state: 'live' }
  | { readonly state: 'reconnecting'; readonly since: number };

export interface EventStreamOptions {
  readonly url: string;
  readonly on: { readonly [Name in EventName]: (data: EventData<Name>) => void };
  /** A connection stands, the first or a new one: what happened before it must be asked for. */
  readonly onOpen: () => void;
  readonly onState: (connection: Connection) => void;
}

// The relay sends an overview every second. A connection that says nothing for longer is dead without knowing it.
const SILENCE_MS = 6_000;
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 5_000;

/**
 * Server-sent events that come back by themselves. The browser's own reconnection gives up for good on an answer like
 * 502, and does not notice a connection over which nothing comes any more.
 */
export function openEventStream(options: EventStreamOptions): void {
  let source: EventSource | undefined;
  let silence: ReturnType<typeof setTimeout> | undefined;
  let retry: ReturnType<typeof setTimeout> | undefined;
  let lostAt: number | undefined;
  let failures = 0;

  function connect(): void {
    clearTimeout(retry);
    source?.close();
    const mine = new EventSource(options.url);
    source = mine;
    mine.addEventListener('open', () => {
      failures = 0;
      lostAt = undefined;
      expectNews();
      options.onState({ state: 'live' });
      options.onOpen();
    });
    mine.addEventListener('error', () => {
      if (mine === source) lose();
    });
    for (const [name, take] of Object.entries<(data: never) => void>(options.on)) {
      mine.addEventListener(name, (event: MessageEvent<string>) => {
        expectNews();
        // The server and this page are of one build, and so are their types.
        take(JSON.parse(event.data) as never);
      });
    }
    expectNews();
  }

  function expectNews(): void {
    clearTimeout(silence);
    silence = setTimeout(lose, SILENCE_MS);
  }

  function lose(): void {
    clearTimeout(silence);
    source?.close();
    lostAt ??= Date.now();
    options.onState({ state: 'reconnecting', since: lostAt });
    retry = setTimeout(connect, pause());
    failures += 1;
  }

  /** With jitter: a relay that comes back is not met by every console at once. */
  function pause(): number {
    const longest = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** failures);
    return longest / 2 + (Math.random() * longest) / 2;
  }

  window.addEventListener('online', connect);
  options.onState({ state: 'connecting' });
  connect();
}
