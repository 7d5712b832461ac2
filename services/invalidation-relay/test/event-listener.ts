import { disposeAtEnd, eventually } from '@freshet/test-kit';

export interface HeardEvent {
  event: string;
  id: string;
  data: unknown;
}

export interface EventListener {
  readonly heard: readonly HeardEvent[];
  /** Whether the stream has ended. */
  readonly ended: () => boolean;
  /** The first event of this name whose data holds this. */
  until(event: string, holds: (data: never) => boolean): Promise<HeardEvent>;
  leave(): Promise<void>;
}

/** Listens to `/v1/events` as a browser does. */
export async function listenToEvents(
  url: string,
  { lastEventId }: { lastEventId?: string } = {},
): Promise<EventListener> {
  const leaving = new AbortController();
  const response = await fetch(`${url}/v1/events`, {
    signal: leaving.signal,
    headers: lastEventId === undefined ? {} : { 'last-event-id': lastEventId },
  });
  if (response.status !== 200 || response.body === null) throw new Error(`Not a stream: ${response.status}`);
  const heard: HeardEvent[] = [];
  let ended = false;
  const reading = read(response.body, heard)
    .catch(() => {
      // It was cut off, by this side or the other.
    })
    .finally(() => {
      ended = true;
    });
  const leave = async (): Promise<void> => {
    leaving.abort();
    await reading;
  };
  disposeAtEnd('a listener', leave);
  return {
    heard,
    ended: () => ended,
    until: (event, holds) =>
      eventually(() => heard.find((one) => one.event === event && holds(one.data as never)) ?? false, {
        what: `an event ${event}`,
        deadlineMs: 60_000,
      }),
    leave,
  };
}

async function read(body: ReadableStream<Uint8Array>, heard: HeardEvent[]): Promise<void> {
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of body) {
    text += decoder.decode(chunk, { stream: true });
    for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
      const block = text.slice(0, end);
      text = text.slice(end + 2);
      const fields = Object.fromEntries(block.split('\n').map((line) => line.split(/: (.*)/, 2)));
      if (fields['data'] === undefined) continue;
      heard.push({ event: fields['event'] ?? '', id: fields['id'] ?? '', data: JSON.parse(fields['data']) });
    }
  }
}
