import type { Mutant } from '../mutant.ts';
import { REDIS } from './places.ts';

/** What the scripts on one key leave alone. The conformance suite holds them to the real ones. */
export const oneKeyScripts: Mutant[] = [
  {
    name: 'fill-without-token',
    rule: 'FILL only if the key still holds exactly that fill lease',
    guarantee: 'G6',
    file: `${REDIS}/memory-redis.ts`,
    edits: [['    if (this.#text(key, now) !== leaseText(token)) return false;\n', '']],
    test: { file: 'packages/simulator/src/redis/conformance.test.ts', title: 'the memory server answers' },
  },
  {
    name: 'refresh-any-version',
    rule: 'REFRESH only over an entry of exactly the version that was seen',
    guarantee: 'G6',
    file: `${REDIS}/memory-redis.ts`,
    edits: [
      [
        "if (value.kind !== 'entry' || seenVersion === NO_VERSION || value.version !== seenVersion) return false;",
        '',
      ],
    ],
    test: { file: 'packages/simulator/src/redis/conformance.test.ts', title: 'the memory server answers' },
  },
  {
    name: 'lease-over-a-fence',
    rule: 'LEASE: a live fence stays',
    guarantee: 'G4',
    file: `${REDIS}/memory-redis.ts`,
    edits: [["      if (value.kind === 'fence') return FENCED;\n", '']],
    test: { file: 'packages/simulator/src/redis/conformance.test.ts', title: 'the memory server answers' },
  },
  {
    name: 'publish-over-a-disturbed-fence',
    rule: 'PUBLISH stores only if the fence was never disturbed',
    guarantee: 'G4',
    file: `${REDIS}/memory-redis.ts`,
    edits: [["stored.entry !== '' && !value.disturbed", "stored.entry !== ''"]],
    test: { file: 'packages/simulator/src/redis/conformance.test.ts', title: 'the memory server answers' },
  },
  {
    name: 'publish-lifts-the-fence-of-others',
    rule: 'PUBLISH keeps a fence that others hold',
    guarantee: 'G4',
    file: `${REDIS}/memory-redis.ts`,
    edits: [['    if (value.tokens.size > 0) {', '    if (false) {']],
    test: { file: 'packages/simulator/src/redis/conformance.test.ts', title: 'the memory server answers' },
  },
  {
    name: 'publish-without-a-fence',
    rule: 'PUBLISH without its fence is a DROP',
    guarantee: 'G4',
    file: `${REDIS}/memory-redis.ts`,
    edits: [
      [
        "    if (value.kind !== 'fence' || !value.tokens.delete(token)) return this.#drop(key, value, version);\n",
        "    if (value.kind !== 'fence') {\n      if (stored !== null) this.#setWithTtl(key, stored.entry, stored.ttlMs, now);\n      return 'published';\n    }\n    value.tokens.delete(token);\n",
      ],
    ],
    test: { file: 'packages/simulator/src/redis/conformance.test.ts', title: 'the memory server answers' },
  },
  {
    name: 'live-fence-cleared',
    rule: "only a fence without live tokens is removed by the relay's scan",
    guarantee: 'G4',
    file: `${REDIS}/memory-redis.ts`,
    edits: [["if (readStoredValue(text, now).kind !== 'dead') return false;", '']],
  },
  {
    name: 'fence-with-a-ttl',
    rule: 'a fence has no Redis TTL, so that it is never evicted',
    guarantee: 'G4',
    file: `${REDIS}/memory-redis.ts`,
    edits: [
      [
        '    this.#set(key, fenceText(tokens, standing));',
        '    this.#setWithTtl(key, fenceText(tokens, standing), fenceMs, now);',
      ],
    ],
    test: { file: 'packages/simulator/src/redis/conformance.test.ts', title: 'the memory server answers' },
  },
  {
    name: 'one-deadline-for-all-tokens',
    rule: 'each token of a fence has a deadline of its own',
    guarantee: 'G4',
    file: `${REDIS}/memory-redis.ts`,
    edits: [
      [
        'tokens.set(token, now + fenceMs);',
        'tokens.set(token, Math.min(now + fenceMs, ...tokens.values()));',
      ],
    ],
    test: { file: 'packages/simulator/src/redis/conformance.test.ts', title: 'the memory server answers' },
  },
  {
    name: 'expired-token-does-not-disturb',
    rule: 'a token past its deadline disturbs the fence',
    guarantee: 'G4',
    file: `${REDIS}/stored-value.ts`,
    edits: [['    else disturbed = true;\n', '']],
    test: { file: 'packages/simulator/src/redis/conformance.test.ts', title: 'the memory server answers' },
  },
  {
    name: 'second-fence-does-not-disturb',
    rule: 'FENCE where a live fence stands disturbs it',
    guarantee: 'G4',
    file: `${REDIS}/memory-redis.ts`,
    edits: [['fenceText(tokens, standing)', 'fenceText(tokens, false)']],
    test: { file: 'packages/simulator/src/redis/conformance.test.ts', title: 'the memory server answers' },
  },
  {
    name: 'drop-removes-a-fence',
    rule: 'DROP keeps a live fence',
    guarantee: 'G4',
    file: `${REDIS}/memory-redis.ts`,
    edits: [
      [
        "      this.#set(key, fenceText(value.tokens, true));\n      return 'fenced';",
        "      this.#unlink(key);\n      return 'fenced';",
      ],
    ],
    test: { file: 'packages/simulator/src/redis/conformance.test.ts', title: 'the memory server answers' },
  },
  {
    name: 'drop-does-not-disturb',
    rule: 'DROP disturbs a live fence',
    guarantee: 'G4',
    file: `${REDIS}/memory-redis.ts`,
    edits: [
      [
        "      this.#set(key, fenceText(value.tokens, true));\n      return 'fenced';",
        "      return 'fenced';",
      ],
    ],
    test: { file: 'packages/simulator/src/redis/conformance.test.ts', title: 'the memory server answers' },
  },
  {
    name: 'drop-keeps-older-entries',
    rule: 'DROP removes an older entry',
    guarantee: 'G1',
    file: `${REDIS}/memory-redis.ts`,
    edits: [
      [
        " && compareVersions(value.version, version) >= 0) {\n      return 'kept';",
        ") {\n      return 'kept';",
      ],
    ],
    test: { file: 'packages/simulator/src/redis/conformance.test.ts', title: 'the memory server answers' },
  },
  {
    name: 'drop-keeps-fill-leases',
    rule: 'DROP removes fill leases',
    guarantee: 'G6',
    file: `${REDIS}/memory-redis.ts`,
    edits: [
      [
        "    if (value.kind === 'absent') return 'absent';",
        "    if (value.kind === 'absent' || value.kind === 'lease') return 'absent';",
      ],
    ],
    test: { file: 'packages/simulator/src/redis/conformance.test.ts', title: 'the memory server answers' },
  },
  {
    name: 'lease-answers-void-entries',
    rule: 'LEASE takes a void entry for absent',
    guarantee: 'G2',
    file: `${REDIS}/memory-redis.ts`,
    edits: [["value.kind === 'entry' && value.blessing >= validFrom", "value.kind === 'entry'"]],
    test: { file: 'packages/simulator/src/redis/conformance.test.ts', title: 'the memory server answers' },
  },
  {
    name: 'fill-lease-for-everybody',
    rule: 'one reader at a time has the right to fill a key',
    guarantee: 'G7',
    file: `${REDIS}/memory-redis.ts`,
    edits: [["      if (value.kind === 'lease') return OTHERS_LEASE;\n", '']],
    test: { file: 'packages/simulator/src/redis/conformance.test.ts', title: 'the memory server answers' },
  },
  {
    name: 'entry-without-a-ttl',
    rule: 'every entry and every fill lease has PX',
    guarantee: 'G8',
    file: `${REDIS}/memory-redis.ts`,
    edits: [['    this.#set(key, text, now + ttlMs);', '    this.#set(key, text);']],
    test: { file: 'packages/simulator/src/redis/conformance.test.ts', title: 'the memory server answers' },
  },
];
