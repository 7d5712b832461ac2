import type { ProcessKind } from '../system/system-under-test.ts';
import { untilTrue } from '../until.ts';
import type { Fault } from './fault.ts';
import { running } from './processes.ts';

const FELT_WITHIN_MS = 15_000;
const EVERY_MS = 700;

function loseCommitAnswers(name: string, about: string, ...kinds: ProcessKind[]): Fault {
  return {
    name,
    about,
    needs: ['own'],
    async inject({ system }) {
      let lost = 0;
      const ends = running(system, ...kinds).map((victim) => {
        const { postgres } = system.own.links(victim.name);
        let nextAt = 0;
        const unwatch = postgres.watch((chunk, direction) => {
          if (direction !== 'toClient' || performance.now() < nextAt) return;
          if (!chunk.includes('COMMIT\0')) return;
          nextAt = performance.now() + EVERY_MS;
          lost += 1;
          postgres.drop('toClient');
          // In the next turn, when this chunk is thrown away: a connection that lost bytes is reset.
          setImmediate(() => postgres.resume());
        });
        return unwatch;
      });
      return {
        async evidence() {
          await untilTrue('answers to COMMIT are lost', FELT_WITHIN_MS, () => lost > 0);
          return `${lost} answers to COMMIT were lost so far, and their connections reset`;
        },
        async heal() {
          for (const end of ends) end();
        },
      };
    },
  };
}

/** Commits of which nobody knows whether they happened: they did. */
export const commitUnknown: readonly Fault[] = [
  loseCommitAnswers(
    'commit-answers-lost',
    'answers to COMMIT are lost between the replicas and Postgres, again and again',
    'user-service',
    'inventory-service',
  ),
  loseCommitAnswers(
    'relay-commit-answers-lost',
    'answers to COMMIT are lost between the relays and Postgres, again and again',
    'invalidation-relay',
  ),
];
