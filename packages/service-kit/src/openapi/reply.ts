import type { ServerResponse } from 'node:http';

/** What a handler answers with. */
export interface Reply {
  readonly status: number;
  /** Sent as JSON, bytes as they are with the `Content-Type` of the headers; no body when absent. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** Writes the body itself, for as long as it likes, after status and headers. */
  readonly stream?: (response: ServerResponse) => void;
}

/** A reply with a JSON body, or one of bytes. */
export function reply(status: number, body: unknown, headers: Readonly<Record<string, string>> = {}): Reply {
  return { status, body, headers };
}

/** 204, or another status without a body. */
export function emptyReply(headers: Readonly<Record<string, string>> = {}, status = 204): Reply {
  return { status, headers };
}

/** 200, with a body that `stream` writes, and ends; not called for HEAD. */
export function streamReply(contentType: string, stream: (response: ServerResponse) => void): Reply {
  return { status: 200, headers: { 'Content-Type': contentType, 'Cache-Control': 'no-store' }, stream };
}
