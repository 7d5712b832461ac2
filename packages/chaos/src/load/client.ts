import type { Action, OperationRecord } from '../contract.ts';
import type { Random } from '../random.ts';
import { type Entity, entities, valueIn } from './entity.ts';
import type { HttpRequest } from './http.ts';
import { type Seen, seenFailure, seenRead, seenWrite } from './seen.ts';
import { Session } from './session.ts';
import type { World } from './world.ts';

/** How many reads in a hundred ask for the version that the session knows, and how many whether it is still the same. */
const WITH_MINIMUM = 0.3;
const IF_CHANGED = 0.1;

/** Where a client sends its requests: through the gateway, or always to the same replica of each service. */
export type Lane = 'gateway' | number;

interface Write {
  readonly op: Action;
  readonly entity: Entity;
  /** null: the answer tells it. */
  readonly key: string | null;
  readonly request: HttpRequest;
  /** What the row holds once this is done; for a reservation the answer tells it. */
  readonly value: Seen['value'];
  readonly amount?: number;
}

/** One who sends requests and writes down what came of them. */
export class Client {
  readonly name: string;
  readonly random: Random;
  readonly world: World;
  readonly #lane: Lane;
  readonly #session: Session;

  constructor(world: World, name: string, lane: Lane, random: Random) {
    this.world = world;
    this.name = name;
    this.random = random;
    this.#lane = lane;
    this.#session = new Session(`s-${name}`);
  }

  async read(entity: Entity, key: string): Promise<OperationRecord> {
    const { via, origin } = this.#whomToAsk(entity);
    const known = this.#session.versionOf(`${entity.kind} ${key}`);
    const minVersion = this.random.next() < WITH_MINIMUM ? known : undefined;
    const ifNoneMatch = this.random.next() < IF_CHANGED ? known : undefined;
    const { recorder, http } = this.world;
    const call = {
      client: this.name,
      session: this.#session.name,
      via,
      op: 'read',
      kind: entity.kind,
      key,
      ...(minVersion === undefined ? {} : { minVersion }),
    } as const;
    const operation = await recorder.record(recorder.newId(), call, async () => {
      try {
        const answer = await http.send(origin, {
          method: 'GET',
          path: `${entity.path}/${key}`,
          headers: {
            ...(minVersion === undefined ? {} : { 'freshet-min-version': minVersion }),
            ...(ifNoneMatch === undefined ? {} : { 'if-none-match': `"${ifNoneMatch}"` }),
          },
        });
        return seenRead(answer, (body) => valueIn(entity, body));
      } catch (error) {
        return seenFailure(error, null, true);
      }
    });
    this.#session.see(`${entity.kind} ${key}`, operation.version);
    return operation;
  }

  async readSummary(): Promise<void> {
    const { via, origin } = this.#whomToAsk(entities.stock);
    const { recorder, http } = this.world;
    const call = {
      client: this.name,
      session: null,
      via,
      op: 'read',
      kind: 'summary',
      key: 'summary',
    } as const;
    await recorder.record(recorder.newId(), call, async () => {
      try {
        const answer = await http.send(origin, { method: 'GET', path: '/inventory/summary' });
        return seenRead(answer, () => null);
      } catch (error) {
        return seenFailure(error, null, true);
      }
    });
  }

  /** `id`: of the operation; `value` may hold it. */
  async write(id: number, { op, entity, key, request, value, amount }: Write): Promise<OperationRecord> {
    const { via, origin } = this.#whomToAsk(entity);
    const call = {
      client: this.name,
      session: this.#session.name,
      via,
      op,
      kind: entity.kind,
      key: key ?? `unknown-${id}`,
      ...(amount === undefined ? {} : { amount }),
    };
    const operation = await this.world.recorder.record(id, call, async () => {
      try {
        const answer = await this.world.http.send(origin, request);
        const seen = seenWrite(answer, value);
        const { id: created, available } = answer.body;
        return {
          ...seen,
          ...(op === 'reserve' && seen.outcome === 'ok' ? { value: valueIn(entity, answer.body) } : {}),
          ...(typeof available === 'number' ? { value: available } : {}),
          ...(key === null && typeof created === 'string' ? { key: created } : {}),
        };
      } catch (error) {
        return seenFailure(error, value, false);
      }
    });
    this.#session.see(`${entity.kind} ${operation.key}`, operation.version);
    return operation;
  }

  #whomToAsk({ service }: Entity): { via: string; origin: string } {
    const { target } = this.world;
    if (this.#lane !== 'gateway') {
      const replicas = target.replicas.filter((replica) => replica.service === service);
      const replica = replicas[this.#lane % Math.max(replicas.length, 1)];
      if (replica !== undefined) return { via: replica.name, origin: replica.url };
    }
    return { via: 'gateway', origin: target.gateway };
  }
}
