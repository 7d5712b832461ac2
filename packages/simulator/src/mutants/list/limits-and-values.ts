import type { Mutant } from '../mutant.ts';
import { CORE } from './places.ts';

/** Bounds, lifetimes, and what comes from outside. */
export const limitsAndValues: Mutant[] = [
  {
    name: 'unbounded-loads',
    rule: 'at most loadConcurrency loads run in a process',
    guarantee: 'G7',
    file: `${CORE}/cache-aside/origin-gate.ts`,
    edits: [['if (this.#running < concurrency) start();', 'if (true) start();']],
    bySchedules: false,
    test: {
      file: 'packages/cache-core/src/cache-aside/origin-gate.test.ts',
      title: 'loads run at once up to the bound',
    },
  },
  {
    name: 'ttl-of-any-length',
    rule: 'no option means for ever',
    guarantee: 'G8',
    file: `${CORE}/ttl/ttl.ts`,
    edits: [
      ['    if (Number.isInteger(ms) && ms >= 1_000 && ms <= DAY) return make(ms);', '    return make(ms);'],
    ],
    bySchedules: false,
    test: {
      file: 'packages/cache-core/src/ttl/ttl.test.ts',
      title: 'any other lifetime is from one second to one day',
    },
  },
  {
    name: 'redis-failure-fails-the-read',
    rule: 'no read fails because of Redis',
    guarantee: 'G9',
    file: `${CORE}/cache-aside/load-through-l2.ts`,
    edits: [
      [
        "      } catch {\n        return await this.#fromOrigin('bypass', 'l2-unavailable');",
        '      } catch (error) {\n        throw error;',
      ],
    ],
    bySchedules: false,
    test: {
      file: 'packages/cache-core/test/reading.test.ts',
      title: 'G9: an L2 that answers nothing is passed by',
    },
  },
  {
    name: 'demoted-primary-kept',
    rule: 'a server that turned read-only is left',
    guarantee: 'G9',
    file: `${CORE}/redis/connect.ts`,
    edits: [["error.message.startsWith('READONLY') ? (1 as const) : false", 'false']],
    bySchedules: false,
    test: {
      file: 'packages/cache-core/src/redis/connect.test.ts',
      title: 'that a demoted primary refuses leaves the connection',
    },
  },
  {
    name: 'garbage-throws',
    rule: 'a cached value that is not understood is a miss',
    guarantee: 'G10',
    file: `${CORE}/l2/value.ts`,
    edits: [['  } catch {\n    return GARBAGE;', '  } catch (error) {\n    throw error;']],
    bySchedules: false,
    test: {
      file: 'packages/cache-core/src/l2/value.test.ts',
      title: 'nothing that Redis may hold makes the reader throw',
    },
  },
  {
    name: 'separator-not-encoded',
    rule: 'ids that differ never share a key',
    guarantee: 'G10',
    file: `${CORE}/keys/key.ts`,
    edits: [['const PLAIN_ID = /^[A-Za-z0-9._~-]+$/;', 'const PLAIN_ID = /^[A-Za-z0-9._~:-]+$/;']],
    bySchedules: false,
    test: {
      file: 'packages/cache-core/src/keys/key.test.ts',
      title: 'separates a:b',
    },
  },
  {
    name: 'commit-tag-unchecked',
    rule: 'a COMMIT that rolled back is not taken for one',
    guarantee: 'G11',
    file: `${CORE}/origin/commit.ts`,
    edits: [["if (command !== 'COMMIT') {", 'if (false) {']],
    bySchedules: false,
    test: {
      file: 'packages/cache-core/test/origin.test.ts',
      title: 'G11: whose work hides a database error',
    },
  },
  {
    name: 'lost-commit-is-a-failure',
    rule: 'a lost answer to COMMIT says nothing about the change',
    guarantee: 'G11',
    file: `${CORE}/origin/commit.ts`,
    edits: [['    if (isRefusal(error)) throw error;\n', '    throw error;\n']],
    bySchedules: false,
    test: { file: 'packages/cache-core/test/origin.test.ts', title: 'G11: whose answer to COMMIT is lost' },
  },
  {
    name: 'value-as-loaded',
    rule: 'a loaded value is what its own JSON reads back as',
    guarantee: 'G12',
    file: `${CORE}/cache-aside/entity.ts`,
    edits: [['frozen(this.#validated(d));', 'frozen(loaded.value);']],
    bySchedules: false,
    test: {
      file: 'packages/cache-core/test/validated.test.ts',
      title: 'G12: a value with a form of its own',
    },
  },
];
