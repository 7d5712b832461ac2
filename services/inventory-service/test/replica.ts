import { startService } from '@freshet/service-kit';
import { type LoneReplica, startLoneReplica } from '@freshet/test-kit/system';
import { inventoryService } from '../src/app.ts';

/** This service in the test's process, without a relay. */
export function startReplica(environment: Readonly<Record<string, string>> = {}): Promise<LoneReplica> {
  return startLoneReplica((complete) => startService(inventoryService, complete), environment);
}
