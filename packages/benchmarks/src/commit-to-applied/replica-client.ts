import { Agent, request } from 'node:http';

export interface Answer {
  readonly status: number;
  readonly cacheStatus: string;
  readonly text: string;
}

/** One kept-alive connection to a replica, used by one request after the other. */
export class ReplicaClient {
  readonly #url: string;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 });

  constructor(url: string) {
    this.#url = url;
  }

  send(method: string, path: string, body?: object): Promise<Answer> {
    const json = body === undefined ? undefined : JSON.stringify(body);
    const headers =
      json === undefined
        ? {}
        : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(json) };
    return new Promise((resolve, reject) => {
      const sent = request(new URL(path, this.#url), { method, headers, agent: this.#agent }, (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => {
          text += chunk;
        });
        response.once('error', reject);
        response.once('end', () => {
          const { statusCode: status = 0, headers: answered } = response;
          resolve({ status, cacheStatus: String(answered['cache-status']), text });
        });
      });
      sent.once('error', reject);
      sent.end(json);
    });
  }

  close(): void {
    this.#agent.destroy();
  }
}
