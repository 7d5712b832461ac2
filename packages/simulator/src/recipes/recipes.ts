import { replicatedFillLease, slowLoadAcrossAFailover, splitBrain } from './failovers.ts';
import type { Kitchen, Trouble } from './kitchen.ts';
import {
  deadRelaysUnseen,
  deafReader,
  impatientReaders,
  lostLog,
  strayReader,
  twoFillers,
  unregisteredSchemaVersion,
} from './readers.ts';
import { lateCommit, readersBehindAFence, stoppedStrongWriter } from './strong-writers.ts';

/**
 * Troubles that need several things to meet, which chance alone would bring together once in a million schedules. Each is
 * still random in its times, targets and lengths.
 */
const recipes: Record<string, (kitchen: Kitchen) => Trouble> = {
  slowLoadAcrossAFailover,
  replicatedFillLease,
  splitBrain,
  stoppedStrongWriter,
  lateCommit,
  readersBehindAFence,
  deafReader,
  deadRelaysUnseen,
  lostLog,
  strayReader,
  twoFillers,
  impatientReaders,
  unregisteredSchemaVersion,
};

/** One recipe, cooked. */
export function cook(kitchen: Kitchen): Trouble {
  return kitchen.random.pick(Object.values(recipes))(kitchen);
}
