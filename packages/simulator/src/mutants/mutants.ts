/** One safeguard left out: each `find`, which is in its file exactly once, becomes its `replace`. */
export interface Mutant {
  name: string;
  /** Of the coherence protocol, in its words. */
  rule: string;
  /** Id in cache-core's DESIGN.md. */
  guarantee: string;
  /** From the root of the repository. */
  file: string;
  edits: readonly (readonly [find: string, replace: string])[];
  /** false: its file takes no part in the simulation. */
  bySchedules?: false;
  /** Of Vitest: asked where no schedule notices in time. */
  test?: { file: string; title: string };
  /** Why nothing notices: another safeguard does the same work, and this one stays all the same. */
  redundant?: string;
}

const CORE = 'packages/cache-core/src';
const RELAY = 'services/invalidation-relay/src';
/** What a script does on a real Redis is held to these by the conformance suite. */
const REDIS = 'packages/simulator/src/redis';

/** One list, however long: nobody reads it but entry by entry. */
export const mutants: Mutant[] = [
  {
    name: 'l1-without-lease',
    rule: 'L1 answers only while the freshness lease is valid',
    guarantee: 'G1',
    file: `${CORE}/cache-aside/reader.ts`,
    edits: [[' && this.#entity.lease.validAtWall(wallMs)', '']],
  },
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
  },
  {
    name: 'dirty-load-enters-l1',
    rule: 'put into L1 only if the load is not dirty',
    guarantee: 'G1',
    file: `${CORE}/cache-aside/entity.ts`,
    edits: [['if (load.dirty || ttlMs <= 0', 'if (ttlMs <= 0']],
    test: {
      file: 'packages/cache-core/test/reading.test.ts',
      title: 'a fill that was accepted before the event',
    },
  },
  {
    name: 'load-enters-l1-without-lease',
    rule: 'put into L1 only if leaseValid()',
    guarantee: 'G1',
    file: `${CORE}/cache-aside/entity.ts`,
    edits: [[' || !lease.valid()) return;', ') return;']],
  },
  {
    name: 'born-clean',
    rule: 'begun without a lease = dirty from birth',
    guarantee: 'G1',
    file: `${CORE}/cache-aside/flights.ts`,
    edits: [['dirty: !leaseValid(), minVersion };', 'dirty: false, minVersion };']],
    test: {
      file: 'packages/cache-core/src/cache-aside/flights.test.ts',
      title: 'that began without a lease is dirty from birth',
    },
  },
  {
    name: 'invalidation-marks-no-load',
    rule: 'an invalidation marks every running load of the key dirty',
    guarantee: 'G1',
    file: `${CORE}/cache-aside/entity.ts`,
    edits: [['    this.flights.markDirty(key);\n', '']],
    test: {
      file: 'packages/cache-core/test/reading.test.ts',
      title: 'a fill that was accepted before the event',
    },
  },
  {
    name: 'flush-marks-no-load',
    rule: 'a flush marks every running load dirty',
    guarantee: 'G1',
    file: `${CORE}/cache-aside/entity.ts`,
    edits: [['    this.flights.markAllDirty();\n', '']],
  },
  {
    name: 'join-dirty-load',
    rule: 'never join a dirty load',
    guarantee: 'G4',
    file: `${CORE}/cache-aside/flights.ts`,
    edits: [[' && !slot.running.load.dirty', '']],
  },
  {
    name: 'join-for-a-minimum-version',
    rule: 'whoever asks for a minimum version shares no load that began before',
    guarantee: 'G3',
    file: `${CORE}/cache-aside/flights.ts`,
    edits: [['minVersion === NO_VERSION && ', '']],
  },
  {
    name: 'minimum-version-ignored',
    rule: 'a reader with a minimum version passes older cached answers by',
    guarantee: 'G3',
    file: `${CORE}/cache-aside/reader.ts`,
    edits: [
      [
        'if (entry === undefined || compareVersions(entry.version, minVersion) < 0)',
        'if (entry === undefined)',
      ],
    ],
  },
  {
    name: 'fill-without-token',
    rule: 'FILL only if the key still holds exactly that fill lease',
    guarantee: 'G1',
    file: `${REDIS}/memory-redis.ts`,
    edits: [['    if (this.#text(key, now) !== leaseText(token)) return false;\n', '']],
    test: { file: 'packages/simulator/src/redis/conformance.test.ts', title: 'the memory server answers' },
  },
  {
    name: 'void-entries-believed',
    rule: 'an entry with b < validFrom is void',
    guarantee: 'G2',
    file: `${CORE}/cache-aside/key-in-l2.ts`,
    edits: [[' && stored.entry.blessing >= lease.validFrom', '']],
  },
  {
    name: 'blessing-at-the-end',
    rule: 'b is the blessing that the replica knew when the load began',
    guarantee: 'G2',
    file: `${CORE}/cache-aside/load-through-l2.ts`,
    edits: [
      [
        'this.#entity.prepare(loaded, this.#blessing,',
        'this.#entity.prepare(loaded, replica.lease.blessing,',
      ],
    ],
  },
  {
    name: 'l2-believed-across-a-gap',
    rule: 'an answer of L2 counts only if the lease held without a gap',
    guarantee: 'G4',
    file: `${CORE}/cache-aside/load-through-l2.ts`,
    edits: [['if (policy.bypassWhenUnproven && (term !== lease.term || !lease.valid())) {', 'if (false) {']],
  },
  {
    name: 'l2-believed-without-lease',
    rule: "while leaseValid() is false, L2 is skipped where the policy says 'bypass'",
    guarantee: 'G2',
    file: `${CORE}/cache-aside/load-through-l2.ts`,
    edits: [['if (policy.bypassWhenUnproven && !lease.valid())', 'if (false)']],
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
    name: 'not-found-has-a-version',
    rule: "a cached 'not found' has version 0",
    guarantee: 'G1',
    file: `${CORE}/cache-aside/entity.ts`,
    edits: [
      [
        'loaded === null ? NO_VERSION : parseVersion(loaded.version)',
        "loaded === null ? '900000000000' : parseVersion(loaded.version)",
      ],
    ],
  },
  {
    name: 'no-fence',
    rule: 'FENCE every registered schema version',
    guarantee: 'G4',
    file: `${CORE}/write-through/fence.ts`,
    edits: [['    ...keys.map(({ key }) => protocol.fence(key, token, timings.fenceMs)),\n', '']],
  },
  {
    name: 'one-schema-version-fenced',
    rule: 'FENCE every registered schema version',
    guarantee: 'G4',
    file: `${CORE}/write-through/fence.ts`,
    edits: [
      [
        'const numbers = registry.numbers(service, entity);',
        'const numbers = registry.numbers(service, entity).slice(0, 1);',
      ],
    ],
    test: {
      file: 'packages/cache-core/test/strong-writes.test.ts',
      title: 'a strong write reaches the entries of every schema version',
    },
  },
  {
    name: 'no-barrier',
    rule: 'wait until no replica with a live lease has applied < X',
    guarantee: 'G4',
    file: `${CORE}/write-through/fence.ts`,
    edits: [['if (laggards.count === 0) return;', 'return;']],
  },
  {
    name: 'fence-event-forgets-nothing',
    rule: 'on a fence event an entry is removed whatever its version',
    guarantee: 'G4',
    file: `${CORE}/cache-aside/entity.ts`,
    edits: [
      [
        "if (kind === 'fence') this.l1.remove(key);\n    else this.l1.removeOlder(key, version);",
        "if (kind !== 'fence') this.l1.removeOlder(key, version);",
      ],
    ],
  },
  {
    name: 'fence-not-marked-dirty',
    rule: 'a live fence, or none seen, marks the load dirty',
    guarantee: 'G4',
    file: `${CORE}/cache-aside/load-through-l2.ts`,
    edits: [['    this.#load.dirty = true;\n', '']],
  },
  {
    name: 'newest-blessing-unchecked',
    rule: 'inside the transaction the newest blessing is still the one that answered all three',
    guarantee: 'G4',
    file: `${CORE}/write-through/write-through.ts`,
    edits: [['if (newestBlessing !== fence.blessing)', 'if (false)']],
    test: {
      file: 'packages/cache-core/test/strong-writes.test.ts',
      title: 'a blessing that was recorded meanwhile',
    },
  },
  {
    name: 'servers-unchecked',
    rule: 'two different histories or blessings: start over',
    guarantee: 'G4',
    file: `${CORE}/write-through/fence.ts`,
    edits: [
      ["  if (!same) throw new Overtaken('another Redis, or another blessing, answered in between');", ''],
    ],
  },
  {
    name: 'fence-time-unchecked',
    rule: 'the COMMIT must fall inside the fence',
    guarantee: 'G4',
    file: `${CORE}/write-through/fence.ts`,
    edits: [
      [
        'return fenceAgeMs + withDrift(strongTransactionMs) <= fenceMs;',
        'return fenceAgeMs !== withDrift(strongTransactionMs) + fenceMs;',
      ],
    ],
  },
  {
    name: 'fence-age-by-one-clock',
    rule: 'a fence is as old as the wall clock says, while the monotonic one stood still',
    guarantee: 'G4',
    file: `${CORE}/clock.ts`,
    edits: [
      [
        'Math.max(clock.monotonicMs() - monotonicMs, clock.wallMs() - wallMs)',
        'clock.monotonicMs() - monotonicMs + 0 * wallMs',
      ],
    ],
  },
  {
    name: 'no-transaction-timeout',
    rule: 'transaction_timeout makes the server end a transaction whose COMMIT is late',
    guarantee: 'G4',
    file: `${CORE}/origin/postgres-domain.ts`,
    edits: [[' set local transaction_timeout = ${Math.trunc(options.transactionMs)};', '']],
    bySchedules: false,
    test: {
      file: 'packages/cache-core/test/strong-writes.test.ts',
      title: 'a transaction that takes too long',
    },
  },
  {
    name: 'fence-lifted-after-an-unknown-commit',
    rule: 'outcome of COMMIT unknown: leave the fence to its deadline',
    guarantee: 'G4',
    file: `${CORE}/write-through/write-through.ts`,
    edits: [
      ["if (!isFreshetError(error, 'FRESHET_COMMIT_UNKNOWN')) await lift(fence);", 'await lift(fence);'],
    ],
    test: { file: 'packages/cache-core/test/strong-writes.test.ts', title: 'a lost answer to COMMIT' },
  },
  {
    name: 'publish-voided-blessing',
    rule: 'PUBLISH writes the blessing of its FENCE',
    guarantee: 'G4',
    file: `${CORE}/write-through/write-through.ts`,
    edits: [['this.#entity.prepare(loaded, blessing,', 'this.#entity.prepare(loaded, blessing + 1,']],
  },
  {
    name: 'registration-without-lock',
    rule: 'no schema version is registered between a fence and its commit',
    guarantee: 'G4',
    file: `${CORE}/origin/postgres-domain.ts`,
    edits: [['await client.query(`select pg_advisory_xact_lock(${SCHEMA_VERSIONS_LOCK})`);', '']],
    bySchedules: false,
    test: {
      file: 'packages/cache-core/test/strong-writes.test.ts',
      title: 'a schema version that comes up during a write',
    },
  },
  {
    name: 'append-before-drop',
    rule: 'a key is appended after its DROP succeeded, never before',
    guarantee: 'G5',
    file: `${RELAY}/drain/drain.ts`,
    edits: [
      ['    const { lastId } = await protocol.append(blessing, plan.entries);\n', ''],
      [
        '    for (const prefix of plan.prefixes) await this.#dropAll(prefix, batch);\n',
        '    const { lastId } = await protocol.append(blessing, plan.entries);\n    await protocol.ring().catch(() => {});\n    for (const prefix of plan.prefixes) await this.#dropAll(prefix, batch);\n',
      ],
    ],
    test: {
      file: 'services/invalidation-relay/src/drain/drain.test.ts',
      title: 'nothing is appended when a DROP failed',
    },
  },
  {
    name: 'mark-under-any-blessing',
    rule: 'rows are marked only if that blessing is still the newest',
    guarantee: 'G5',
    file: `${RELAY}/domain/postgres-outbox-store.ts`,
    edits: [
      [
        'where id = any($1::bigint[]) and ${NEWEST_BLESSING} = $2::bigint',
        'where id = any($1::bigint[]) and $2::bigint is not null',
      ],
    ],
    bySchedules: false,
    test: {
      file: 'services/invalidation-relay/src/drain/drain.test.ts',
      title: 'rows are not marked once a newer blessing',
    },
  },
  {
    name: 'batch-spans-a-reconnect',
    rule: 'a batch never spans a reconnect',
    guarantee: 'G5',
    file: `${RELAY}/drain/drain.ts`,
    edits: [
      [
        "if (protocol.generation !== generation) throw new Error('The connection to Redis was lost and made anew.');",
        '',
      ],
    ],
    test: {
      file: 'services/invalidation-relay/src/drain/drain.test.ts',
      title: 'a batch does not span a reconnect',
    },
  },
  {
    name: 'append-under-any-blessing',
    rule: 'APPEND refuses under another blessing or unblessed',
    guarantee: 'G5',
    file: `${REDIS}/memory-redis.ts`,
    edits: [['if (head.blessing !== String(blessing)) {', 'if (false) {']],
    test: { file: 'packages/simulator/src/redis/conformance.test.ts', title: 'the memory server answers' },
  },
  {
    name: 'watermark-ignores-pending',
    rule: 'no row with id ≤ M is pending any more',
    guarantee: 'G1',
    file: `${RELAY}/watermark/watermark.ts`,
    edits: [["    if (pending) return { kind: 'waiting', ageMs };\n", '']],
  },
  {
    name: 'watermark-blessing-read-once',
    rule: 'read the newest blessing again',
    guarantee: 'G1',
    file: `${RELAY}/watermark/watermark.ts`,
    edits: [['if (newestBlessing !== candidate.blessing) {', 'if (false) {']],
    test: {
      file: 'services/invalidation-relay/src/watermark/watermark.test.ts',
      title: 'is refused when a blessing was recorded between',
    },
  },
  {
    name: 'watermark-time-after-the-snapshot',
    rule: 'one script returns TIME before the snapshot is taken',
    guarantee: 'G1',
    file: `${RELAY}/watermark/watermark.ts`,
    edits: [
      [
        'const moved = await protocol.watermark({ history, blessing, timeMs, appliedNo });',
        'const moved = await protocol.watermark({ history, blessing, timeMs: (await protocol.status()).timeMs, appliedNo });',
      ],
    ],
  },
  {
    name: 'bless-without-wait',
    rule: 'wait longer than max_staleness and strong_transaction',
    guarantee: 'G4',
    file: `${RELAY}/blessing/blesser.ts`,
    edits: [['const waitMs = first ? 0 : withDrift(recorded.waitMs);', 'const waitMs = 0;']],
  },
  {
    name: 'bless-before-recording',
    rule: 'the next blessing is recorded in Postgres first',
    guarantee: 'G4',
    file: `${RELAY}/blessing/blesser.ts`,
    edits: [
      [
        '    const recorded = await store.record({ ...seen, limits, recordedBy: self });\n',
        '    if (!first) await this.#wait(withDrift(2_000));\n    const recorded = await store.record({ ...seen, limits, recordedBy: self });\n',
      ],
      ['const waitMs = first ? 0 : withDrift(recorded.waitMs);', 'const waitMs = 0;'],
    ],
    test: {
      file: 'services/invalidation-relay/src/blessing/blesser.test.ts',
      title: 'is blessed only after everybody who lived',
    },
  },
  {
    name: 'superseded-primary-blessed',
    rule: 'a superseded primary is stood aside from',
    guarantee: 'G1',
    file: `${RELAY}/blessing/blessing-decision.ts`,
    edits: [['if (historyKnown && status.history !== newest.history) {', 'if (false) {']],
    test: {
      file: 'services/invalidation-relay/src/blessing/blesser.test.ts',
      title: 'a superseded primary is left',
    },
  },
  {
    name: 'bless-without-voiding',
    rule: 'deal with the DROPs that the server may have missed',
    guarantee: 'G2',
    file: `${RELAY}/blessing/blesser.ts`,
    edits: [
      ['? validFrom : null;', '? validFrom : 1;'],
      [
        'if (validFrom === null || missed === null) return null;',
        'if (validFrom === null || missed === null) return 1;',
      ],
    ],
  },
  {
    name: 'live-fence-cleared',
    rule: "only a fence without live tokens is removed by the relay's scan",
    guarantee: 'G3',
    file: `${REDIS}/memory-redis.ts`,
    edits: [["if (readStoredValue(text, now).kind !== 'dead') return false;", '']],
  },
  {
    name: 'missed-changes-not-dropped',
    rule: 're-DROP the rows that have a higher applied_no',
    guarantee: 'G2',
    file: 'packages/simulator/src/postgres/memory-session.ts',
    edits: [['Number(progress.appliedNo) > from', 'Number(progress.appliedNo) === from + 1e9']],
  },
  {
    name: 'pending-changes-not-dropped',
    rule: 're-DROP the rows that are pending',
    guarantee: 'G2',
    file: 'packages/simulator/src/postgres/memory-session.ts',
    edits: [['        ...outbox.pending,\n', '']],
  },
  {
    name: 'applied-no-of-the-domain',
    rule: "the new server's own appliedNo proves what it has",
    guarantee: 'G2',
    file: `${RELAY}/blessing/blesser.ts`,
    edits: [
      [
        'status.origin === origin ? status.appliedNo : null;',
        'status.origin === origin && status.appliedNo !== null ? (await store.snapshot(null)).appliedNo : null;',
      ],
    ],
  },
  {
    name: 'purged-changes-forgotten',
    rule: 'if N is below what was purged: void everything',
    guarantee: 'G2',
    file: 'packages/simulator/src/postgres/memory-session.ts',
    edits: [['Number(since.appliedNo) >= outbox.highestPurgedNo', 'true']],
  },
  {
    name: 'as-of-after-the-snapshot',
    rule: "asOf is read before step 2's snapshot",
    guarantee: 'G1',
    file: `${RELAY}/blessing/blesser.ts`,
    edits: [['      asOf: status.timeMs,\n', '      asOf: (await protocol.status()).timeMs,\n']],
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
    name: 'refresh-any-version',
    rule: 'REFRESH only over an entry of exactly the version that was seen',
    guarantee: 'G1',
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
    name: 'watermark-on-any-server',
    rule: 'WATERMARK refuses on any other history or blessing',
    guarantee: 'G1',
    file: `${REDIS}/memory-redis.ts`,
    edits: [
      [
        'if (head === null || this.#history !== mark.history || head.blessing !== String(mark.blessing))',
        'if (head === null)',
      ],
    ],
    test: { file: 'packages/simulator/src/redis/conformance.test.ts', title: 'the memory server answers' },
  },
  {
    name: 'bless-any-history',
    rule: 'BLESS refuses on a server with another history',
    guarantee: 'G2',
    file: `${REDIS}/memory-redis.ts`,
    edits: [['if (!this.#primary || this.#history !== blessing.history) return false;', '']],
    test: { file: 'packages/simulator/src/redis/conformance.test.ts', title: 'the memory server answers' },
  },
  {
    name: 'bless-when-overtaken',
    rule: 'BLESS only while Postgres shows this blessing as the newest',
    guarantee: 'G4',
    file: `${RELAY}/blessing/blesser.ts`,
    edits: [['if (newestBlessing !== number) {', 'if (false) {']],
    test: {
      file: 'services/invalidation-relay/src/blessing/blesser.test.ts',
      title: 'is given up when a newer blessing was recorded during the wait',
    },
  },
  {
    name: 'drop-on-an-older-blessing',
    rule: 'the drain reads the blessing on the connection that DROPs',
    guarantee: 'G5',
    file: `${RELAY}/drain/drain.ts`,
    edits: [['    if (status.blessing !== newest) {', '    if (false) {']],
  },
  {
    name: 'schema-version-not-dropped',
    rule: 'DROP every schema version of each key',
    guarantee: 'G5',
    file: 'packages/simulator/src/world/sim-stores.ts',
    edits: [['numbers.set(name, [...(numbers.get(name) ?? []), number]);', 'numbers.set(name, [1]);']],
  },
  {
    name: 'not-registered',
    rule: 'a replica records its schema version before its first fill lease',
    guarantee: 'G5',
    file: `${CORE}/cache-aside/load-through-l2.ts`,
    edits: [['if (!replica.registry.registered) return', 'if (false) return']],
  },
  {
    name: 'expired-without-a-lease',
    rule: 'an expired value is served only while the lease proves that it was not invalidated',
    guarantee: 'G1',
    file: `${CORE}/cache-aside/stale-if-error.ts`,
    edits: [[' || !lease.valid()) return null;', ') return null;']],
  },
  {
    name: 'expired-in-l2-without-a-lease',
    rule: 'an expired value of L2 is believed only as a fresh one is',
    guarantee: 'G2',
    file: `${CORE}/cache-aside/stale-if-error.ts`,
    edits: [['!policy.bypassWhenUnproven || (lease.valid() && term === lease.term)', 'true']],
  },
  {
    name: 'expired-below-the-minimum-version',
    rule: 'a reader with a minimum version passes older expired values by',
    guarantee: 'G3',
    file: `${CORE}/cache-aside/stale-if-error.ts`,
    edits: [[' || compareVersions(expired.version, minVersion) < 0', '']],
    test: {
      file: 'packages/cache-core/test/stale-if-error.test.ts',
      title: 'is passed by when it is older than asked for',
    },
  },
  {
    name: 'refresh-not-marked-dirty',
    rule: 'an invalidation marks a load in the background dirty',
    guarantee: 'G1',
    file: `${CORE}/cache-aside/flights.ts`,
    edits: [['if (alongside !== undefined) alongside.dirty = true;', '']],
    test: {
      file: 'packages/cache-core/test/early-refresh.test.ts',
      title: 'a refresh that L2 accepted, and an invalidation met',
    },
  },
];
