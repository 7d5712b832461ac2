import type { Mutant } from '../mutant.ts';
import { CORE, REDIS, WORLD } from './places.ts';

/** A replica's right to answer from its memory. */
export const freshnessLease: Mutant[] = [
  {
    name: 'watermark-age-ignored',
    rule: 'the watermark is young enough for the policy',
    guarantee: 'G1',
    file: `${CORE}/freshness-lease/policy-lease.ts`,
    edits: [['bound - drift(bound) - proof.ageMs', 'bound - drift(bound)']],
  },
  {
    name: 'lease-never-expires',
    rule: 'the freshness lease has not run out',
    guarantee: 'G1',
    file: `${CORE}/freshness-lease/policy-lease.ts`,
    edits: [
      [
        'const ms = Math.min(proof.leaseMs - drift(proof.leaseMs), bound - drift(bound) - proof.ageMs);',
        'const ms = 60_000;',
      ],
    ],
  },
  {
    name: 'lease-from-receipt',
    rule: 'it counts leaseMs from before sending',
    guarantee: 'G4',
    file: `${CORE}/freshness-lease/policy-lease.ts`,
    edits: [
      ['this.#until = proof.sentAt + ms;', 'this.#until = this.#clock.monotonicMs() + ms;'],
      ['Math.min(proof.wallSentAt + ms, this.#clock.wallMs() + left)', 'this.#clock.wallMs() + left'],
    ],
    test: {
      file: 'packages/cache-core/src/freshness-lease/policy-lease.test.ts',
      title: 'is counted from before the renewal was sent',
    },
  },
  {
    name: 'wall-clock-ignored',
    rule: 'the lease is also over when the wall clock says so',
    guarantee: 'G1',
    file: `${CORE}/freshness-lease/policy-lease.ts`,
    edits: [
      [
        'return this.#maxStalenessMs === null || (wallMs < this.#wallUntil && this.#guard.advances(wallMs));',
        'return this.#maxStalenessMs === null || this.#clock.monotonicMs() < this.#until;',
      ],
    ],
    test: {
      file: 'packages/cache-core/src/freshness-lease/policy-lease.test.ts',
      title: 'a machine that slept does not answer from before',
    },
  },
  {
    name: 'connection-loss-keeps-the-lease',
    rule: 'losing the connection voids the lease until the next renewal',
    guarantee: 'G4',
    file: `${CORE}/freshness-lease/freshness-lease.ts`,
    edits: [["if (event === 'lost') this.#lose('connection-lost');\n      else", "if (event === 'ready')"]],
    test: {
      file: 'packages/cache-core/src/freshness-lease/freshness-lease.test.ts',
      title: 'at once with the connection',
    },
  },
  {
    name: 'answer-of-an-old-connection',
    rule: 'liveness is tied to the generation of the connection',
    guarantee: 'G4',
    file: `${CORE}/freshness-lease/freshness-lease.ts`,
    edits: [['if (this.#closed || protocol.generation !== generation) return;', 'if (this.#closed) return;']],
    test: {
      file: 'packages/cache-core/src/freshness-lease/freshness-lease.test.ts',
      title: 'an answer that was under way on the lost connection',
    },
  },
  {
    name: 'reset-does-not-flush',
    rule: 'RESET: the replica flushes',
    guarantee: 'G1',
    file: `${CORE}/freshness-lease/freshness-lease.ts`,
    edits: [["this.#lose('reset');\n        this.#options.flush();", "this.#lose('reset');"]],
  },
  {
    name: 'as-of-age-by-redis-only',
    rule: 'age is never less than the local time since this asOf was first seen',
    guarantee: 'G1',
    file: `${CORE}/freshness-lease/freshness-lease.ts`,
    edits: [['return Math.max(ageMs, sentAt - this.#asOf.firstSentAt);', 'return ageMs;']],
    test: {
      file: 'packages/cache-core/src/freshness-lease/freshness-lease.test.ts',
      title: 'even though the Redis clock stepped back',
    },
  },
  {
    name: 'lease-before-entries',
    rule: 'the returned entries are applied before the lease is extended',
    guarantee: 'G1',
    file: `${CORE}/freshness-lease/freshness-lease.ts`,
    edits: [['        this.#applyAll(renewal.entries);\n', '']],
  },
  {
    name: 'unblessed-server-renews',
    rule: 'RENEW: not blessed → no lease',
    guarantee: 'G1',
    file: `${REDIS}/memory-redis.ts`,
    edits: [
      [
        'return this.#primary && head !== null && head.history === this.#history ? head : null;',
        'return head;',
      ],
    ],
    test: { file: 'packages/simulator/src/redis/conformance.test.ts', title: 'the memory server answers' },
  },
  {
    name: 'log-gap-unseen',
    rule: 'RENEW: the log reaches from lastId + 1 to last without a gap',
    guarantee: 'G1',
    file: `${REDIS}/memory-redis.ts`,
    edits: [[' || missing > log.length', '']],
    test: { file: 'packages/simulator/src/redis/conformance.test.ts', title: 'the memory server answers' },
  },
  {
    name: 'log-of-another-blessing',
    rule: 'RENEW: lastId is of another blessing',
    guarantee: 'G1',
    file: `${REDIS}/memory-redis.ts`,
    edits: [
      [
        'const number = numberUnder(head.blessing, appliedId);\n    const missing',
        "const number = Math.min(head.last, Number(appliedId.split('-')[1] ?? -1));\n    const missing",
      ],
    ],
    test: { file: 'packages/simulator/src/redis/conformance.test.ts', title: 'the memory server answers' },
  },
  {
    name: 'valid-from-not-learned',
    rule: 'a replica learns validFrom from each renewal',
    guarantee: 'G2',
    file: `${CORE}/freshness-lease/freshness-lease.ts`,
    edits: [['    this.#validFrom = validFrom;\n', '']],
  },
  {
    name: 'replica-id-shared',
    rule: 'a replicaId is never used again',
    guarantee: 'G4',
    file: `${WORLD}/replica-host.ts`,
    edits: [['replicaId: `${name}.${incarnation}`,', "replicaId: 'replica',"]],
  },
  {
    name: 'lease-after-a-lost-answer',
    rule: 'a renewal extends nothing until what the one before told was applied',
    guarantee: 'G4',
    file: `${REDIS}/memory-redis.ts`,
    edits: [
      ['if (record !== undefined && number < numberUnder(head.blessing, record.told)) {', 'if (false) {'],
    ],
    test: { file: 'packages/simulator/src/redis/conformance.test.ts', title: 'the memory server answers' },
  },
  {
    name: 'stepped-back-clock-believed',
    rule: 'a clock of Redis that stepped back has lost its watermark',
    guarantee: 'G1',
    file: `${REDIS}/memory-redis.ts`,
    edits: [['  if (head.seen !== undefined && now < head.seen) head.asOf = null;\n', '']],
  },
];
