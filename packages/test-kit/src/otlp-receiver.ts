import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { createGunzip } from 'node:zlib';
import { disposeAtEnd } from './disposal.ts';
import { eventually } from './eventually.ts';
import { decodeMetricRequest, type ReceivedMetric } from './metric-request.ts';
import { decodeTraceRequest, type ReceivedSpan } from './trace-request.ts';

export interface OtlpReceiver {
  /** For OTEL_EXPORTER_OTLP_ENDPOINT. */
  readonly url: string;
  /** All that came so far, in the order of arrival. */
  spans(): readonly ReceivedSpan[];
  /** Waits until there is a span for which the predicate holds, and returns all such. */
  waitForSpans(
    predicate: (span: ReceivedSpan) => boolean,
    options: { readonly what: string; readonly atLeast?: number; readonly deadlineMs?: number },
  ): Promise<readonly ReceivedSpan[]>;
  /** The newest of each metric of each process. */
  metrics(): readonly ReceivedMetric[];
  close(): Promise<void>;
}

/** Receives traces and metrics as OTLP over HTTP, in protobuf, for this test or test file; logs are accepted and forgotten. */
export async function startOtlpReceiver(): Promise<OtlpReceiver> {
  const spans: ReceivedSpan[] = [];
  const metrics = new Map<string, ReceivedMetric>();
  const server = createServer((request, response) => {
    void answer(request, response);
  });
  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const body = await bodyOf(request);
      if (request.url === '/v1/traces') spans.push(...decodeTraceRequest(body));
      if (request.url === '/v1/metrics')
        for (const metric of decodeMetricRequest(body)) metrics.set(keyOf(metric), metric);
      response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end();
    } catch (error) {
      response.writeHead(400).end(String(error));
    }
  }
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;

  const receiver: OtlpReceiver = {
    url: `http://127.0.0.1:${port}`,
    spans: () => spans,
    metrics: () => [...metrics.values()],
    waitForSpans: (predicate, { what, atLeast = 1, deadlineMs }) =>
      eventually(
        () => {
          const matching = spans.filter(predicate);
          return matching.length >= atLeast ? matching : null;
        },
        { what: `${atLeast} × ${what}`, ...(deadlineMs !== undefined && { deadlineMs }) },
      ),
    async close() {
      if (!server.listening) return;
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
  disposeAtEnd('OTLP receiver', () => receiver.close());
  return receiver;
}

function keyOf({ resource, name }: ReceivedMetric): string {
  return `${String(resource['service.instance.id'])} ${name}`;
}

function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const zipped = request.headers['content-encoding'] === 'gzip';
  return buffer(zipped ? request.pipe(createGunzip()) : request);
}
