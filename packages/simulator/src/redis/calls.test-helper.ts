import type { LogEntry, Protocol } from '@freshet/cache-core/protocol';
import type { LogIdRole, Request } from './operations.test-helper.ts';
import type { RedisServer } from './redis-server.ts';

/** What both servers are asked; the real one answers later. */
export type Call = (server: Omit<RedisServer, 'scan'> | Protocol) => unknown;

const OTHER_HISTORY = '0'.repeat(40);

/** Turns a request into a call, with what the answers so far have told. */
export class Calls {
  readonly #told = new Map<string, string>();
  readonly #lost = new Map<string, string>();
  #blessing = 0;
  #lastId = '0-0';

  callFor(request: Request, now: { history: string; timeMs: number }): Call {
    switch (request.ask) {
      case 'get':
        return (server) => server.get(request.key);
      case 'lease': {
        const { key, token, validFrom, ms } = request;
        return (server) => server.lease(key, token, validFrom, ms);
      }
      case 'fill': {
        const { key, token, entry, ttlMs } = request;
        return (server) => server.fill(key, token, entry, ttlMs);
      }
      case 'refresh': {
        const { key, version, entry, ttlMs } = request;
        return (server) => server.refresh(key, version, entry, ttlMs);
      }
      case 'drop':
        return (server) => server.drop(request.key, request.version);
      case 'clear-fence':
        return (server) => server.clearFence(request.key);
      case 'fence': {
        const { key, token, ms } = request;
        return (server) => server.fence(key, token, ms);
      }
      case 'publish': {
        const { key, token, version, stored } = request;
        return (server) => server.publish(key, token, version, stored);
      }
      case 'status':
        return (server) => server.status();
      case 'append': {
        const blessing = this.#blessing + { own: 0, older: -1, newer: 1 }[request.blessing];
        return (server) => server.append(blessing, request.entries);
      }
      case 'append-many': {
        const blessing = this.#blessing;
        const entry: LogEntry = { kind: 'key', key: 'shop:item:1', version: '1' };
        const entries = Array.from({ length: request.count }, () => entry);
        return (server) => server.append(blessing, entries);
      }
      case 'renew': {
        const { replicaId, from, leaseMs } = request;
        const id = this.#logId(from, replicaId);
        return (server) => server.renew(replicaId, id, leaseMs);
      }
      case 'release':
        return (server) => server.release(request.replicaId);
      case 'laggards': {
        const id = this.#logId(request.of, '');
        return (server) => server.laggards(id);
      }
      case 'watermark': {
        const mark = {
          history: request.history === 'own' ? now.history : OTHER_HISTORY,
          blessing: this.#blessing + { own: 0, older: -1, newer: 1 }[request.blessing],
          timeMs: now.timeMs + request.sinceNowMs,
          appliedNo: request.appliedNo,
        };
        return (server) => server.watermark(mark);
      }
      case 'bless': {
        const { step, history, validFrom, sinceNowMs, appliedNo, leaseMs } = request;
        const blessing = {
          blessing: this.#blessing + step,
          history: history === 'own' ? now.history : OTHER_HISTORY,
          validFrom,
          origin: '7000000000000000000:1',
          asOf: now.timeMs + sinceNowMs,
          appliedNo,
          limits: { leaseMs, maxStalenessMs: 2_000, strongTransactionMs: 2_000 },
        };
        return (server) => server.bless(blessing);
      }
      case 'replicas':
        return (server) => server.replicas();
    }
  }

  heard(request: Request, answer: unknown): void {
    if (request.ask === 'bless' && answer === true) {
      this.#blessing += request.step;
      this.#lastId = `${this.#blessing}-0`;
    }
    if (!hasLastId(answer)) return;
    if (request.ask === 'append' || request.ask === 'append-many') this.#lastId = answer.lastId;
    if (request.ask !== 'renew') return;
    const told = this.#told.get(request.replicaId);
    if (told !== undefined) this.#lost.set(request.replicaId, told);
    this.#told.set(request.replicaId, answer.lastId);
  }

  #logId(role: LogIdRole, replicaId: string): string {
    const ids: Partial<Record<LogIdRole, string>> = {
      told: this.#told.get(replicaId) ?? '',
      lost: this.#lost.get(replicaId) ?? '',
      last: this.#lastId,
      first: `${this.#blessing}-1`,
      beyond: `${this.#blessing}-99999`,
      'older-blessing': `${Math.max(0, this.#blessing - 1)}-1`,
    };
    return ids[role] ?? role;
  }
}

function hasLastId(answer: unknown): answer is { lastId: string } {
  return (
    typeof answer === 'object' && answer !== null && 'lastId' in answer && typeof answer.lastId === 'string'
  );
}
