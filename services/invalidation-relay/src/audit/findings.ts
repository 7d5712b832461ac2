import type { Version } from '@freshet/cache-core/protocol';
import { itemId } from '../operator-api/invalidation-item.ts';
import type { Finding } from '../operator-api/schemas/audit.ts';
import type { MissedInvalidation } from './audit-store.ts';
import { type Copy, idOfL1, type Layer, nameOf, type NamedKey, standing } from './copy.ts';
import type { Look } from './look.ts';

const KEPT = 200;
/** Between two looks at what was found. */
const AGAIN_MS = 5_000;
/** Of those that are open, in one round. */
const MOST_AT_ONCE = 50;
/** A replica that has not answered for so long is gone, and its memory with it. */
const GONE_AFTER_MS = 60_000;

interface OpenFinding {
  finding: Finding;
  copyId: string;
  named: NamedKey;
  /** When the change came that it does not have: milliseconds since 1970. */
  staleSince: number;
  /** On the monotonic clock. */
  lookedAt: number;
}

/** What the audit has found, the newest first; each is looked at again until it is gone. */
export class Findings {
  readonly #domain: string;
  readonly #open = new Map<string, OpenFinding>();
  #list: Finding[] = [];
  #count = 0;

  constructor(domain: string) {
    this.#domain = domain;
  }

  /** Those of the auditor before. */
  restore(findings: readonly Finding[]): void {
    this.#list = [...findings];
    this.#open.clear();
    for (const finding of findings) {
      const named = nameOf(finding.key);
      if (finding.resolvedAt !== null || named === null) continue;
      const copyId = finding.physicalKey ?? idOfL1(finding.replicaId ?? '', finding.key);
      const staleSince = Date.parse(finding.lastSeenAt) - finding.staleForMs;
      this.#open.set(copyId, { finding, copyId, named, staleSince, lookedAt: Number.NEGATIVE_INFINITY });
    }
  }

  /** Open ones first. */
  get list(): Finding[] {
    const [open, resolved] = [true, false].map((isOpen) =>
      this.#list.filter(({ resolvedAt }) => (resolvedAt === null) === isOpen),
    );
    return [...(open ?? []), ...(resolved ?? [])];
  }

  open(layer: Layer): number {
    return [...this.#open.values()].filter(({ finding }) => finding.layer === layer).length;
  }

  /** Whether this copy, of this version, was found already. */
  has({ id, version }: Copy): boolean {
    return this.#open.get(id)?.finding.cachedVersion === version;
  }

  add(
    copy: Copy,
    originVersion: Version | null,
    missed: MissedInvalidation | null,
    { now, wallMs, seenMs }: { now: number; wallMs: number; seenMs: number },
  ): Finding {
    const { layer, replicaId, instance, named, place, version } = copy;
    const staleSince = wallMs - (missed?.agoMs ?? seenMs);
    const finding: Finding = {
      id: `${this.#domain}-${wallMs.toString(36)}-${++this.#count}`,
      domain: this.#domain,
      key: named.key,
      physicalKey: layer === 'l2' ? place : null,
      layer,
      replicaId,
      instance,
      cachedVersion: version,
      originVersion,
      firstSeenAt: iso(wallMs - seenMs),
      lastSeenAt: iso(wallMs),
      staleForMs: Math.round(wallMs - staleSince),
      event: missed === null ? null : itemId(this.#domain, missed.id),
      resolvedAt: null,
    };
    this.#open.set(copy.id, { finding, copyId: copy.id, named, staleSince, lookedAt: now });
    this.#list = [finding, ...this.#list].slice(0, KEPT);
    return finding;
  }

  /** Keys of those that should be looked at again. */
  due(now: number): NamedKey[] {
    return this.#due(now).map(({ named }) => named);
  }

  /** What a look at them has shown; answers those that are gone. */
  update(after: Look, { now, wallMs }: { now: number; wallMs: number }): Finding[] {
    const resolved: Finding[] = [];
    for (const open of this.#due(now)) {
      const { finding, copyId, staleSince } = open;
      const answered = finding.replicaId === null || after.answered.has(finding.replicaId);
      if (!answered && wallMs - Date.parse(finding.lastSeenAt) < GONE_AFTER_MS) continue;
      open.lookedAt = now;
      const copy = after.copies.get(copyId);
      const row = copy === undefined ? undefined : after.rows.get(copy.named.key);
      const still =
        copy !== undefined &&
        row !== undefined &&
        copy.version === finding.cachedVersion &&
        standing(copy, row) !== 'same';
      if (still) {
        finding.lastSeenAt = iso(wallMs);
        finding.staleForMs = Math.round(wallMs - staleSince);
        continue;
      }
      finding.resolvedAt = iso(wallMs);
      this.#open.delete(copyId);
      resolved.push(finding);
    }
    return resolved;
  }

  #due(now: number): OpenFinding[] {
    return [...this.#open.values()]
      .filter(({ lookedAt }) => now - lookedAt >= AGAIN_MS)
      .slice(0, MOST_AT_ONCE);
  }
}

function iso(wallMs: number): string {
  return new Date(wallMs).toISOString();
}
