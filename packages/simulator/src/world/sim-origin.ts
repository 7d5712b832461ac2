import type { QueryClient } from '@freshet/cache-core';
import type {
  DomainLimits,
  Origin,
  SchemaVersion,
  StrongTransaction,
  StrongTransactionOptions,
} from '@freshet/cache-core/protocol';
import { PostgresClient, type PostgresNetwork } from './postgres-client.ts';

/** `postgresDomain` in the simulated world. */
export class SimOrigin implements Origin {
  readonly name = 'sim';
  readonly #network: PostgresNetwork;

  constructor(network: PostgresNetwork) {
    this.#network = network;
  }

  /** One statement on a connection of its own, as by a pool. */
  async once<A>(run: (client: PostgresClient) => Promise<A>): Promise<A> {
    const client = new PostgresClient(this.#network);
    try {
      return await run(client);
    } finally {
      client.release();
    }
  }

  async transaction<R>(work: (client: QueryClient) => Promise<R>): Promise<R> {
    const client = new PostgresClient(this.#network);
    let result: R;
    try {
      await client.run((session) => session.begin());
      result = await work(client);
    } catch (error) {
      await client.rollback();
      throw error;
    }
    await client.commit();
    return result;
  }

  limits(): Promise<DomainLimits | null> {
    return this.once((client) => client.run((session) => session.limits()));
  }

  schemaVersions(): Promise<SchemaVersion[]> {
    return this.once((client) => client.run((session) => session.schemaVersions()));
  }

  async registerSchemaVersions(used: readonly SchemaVersion[]): Promise<number> {
    const newest = await this.once((client) => client.run((session) => session.newestBlessing()));
    for (const version of used) {
      const known = await this.once((client) => client.run((session) => session.touchSchemaVersion(version)));
      if (known) continue;
      await this.transaction(async (client) => {
        await PostgresClient.of(client).run((session) => session.lockSchemaVersions('exclusive'));
        await PostgresClient.of(client).run((session) => session.addSchemaVersion(version));
      });
    }
    return newest;
  }

  commitsSynchronously(): Promise<boolean> {
    return Promise.resolve(false);
  }

  async beginStrong(options: StrongTransactionOptions): Promise<StrongTransaction> {
    const { service, entity, transactionMs, lockMs } = options;
    const client = new PostgresClient(this.#network);
    try {
      await client.run((session) => {
        session.begin({ transactionMs, lockMs });
        return session.lockSchemaVersions('shared');
      });
      const check = await client.run((session) => session.strongCheck(service, entity));
      return {
        client,
        check,
        runDeferred: () => client.run(() => {}),
        deletionVersion: () => client.run((session) => session.nextVersion()),
        commit: () => client.commit(),
        rollback: () => client.rollback(),
      };
    } catch (error) {
      await client.rollback();
      throw error;
    }
  }
}
