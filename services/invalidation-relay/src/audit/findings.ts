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

/** One that is not known to be gone. */
export interface OpenFinding {
  readonly finding: Finding;
  readonly copyId: string;
  readonly named: NamedKey;
  /** When the change came that it does not have: milliseconds since 1970. */
  readonly staleSince: number;
  /** On the monotonic clock. */
  lookedAt: number;
}

/** What the audit has found; each is looked at again until it is gone. Bounded: only what is gone makes room for more. */
export class Findings {
  readonly #domain: string;
  /** By the copy that it is about, oldest first. */
  readonly #open = new Map<string, OpenFinding>();
  /** Newest first. */
  #resolved: Finding[] = [];
  #count = 0;

  constructor(domain: string) {
    this.#domain = domain;
  }

  /** Those of the auditor before. */
  restore(findings: readonly Finding[]): void {
    this.#open.clear();
    this.#resolved = findings.filter(({ resolvedAt }) => resolvedAt !== null).slice(0, KEPT);
    for (const finding of findings.toReversed()) {
      const named = nameOf(finding.key);
      const copyId = finding.physicalKey ?? idOfL1(finding.replicaId ?? '', finding.key);
      if (finding.resolvedAt !== null || named === null || !this.hasRoom(copyId)) continue;
      const staleSince = Date.parse(finding.lastSeenAt) - finding.staleForMs;
      this.#resolve(copyId, finding.firstSeenAt);
      this.#open.set(copyId, { finding, copyId, named, staleSince, lookedAt: Number.NEGATIVE_INFINITY });
    }
  }

  /** Open ones first, each kind newest first. */
  get list(): Finding[] {
    const open = [...this.#open.values()].map(({ finding }) => finding);
    return [...open.toReversed(), ...this.#resolved].slice(0, KEPT);
  }

  open(layer: Layer): number {
    return [...this.#open.values()].filter(({ finding }) => finding.layer === layer).length;
  }

  /** Whether this copy, of this version, was found already. */
  has({ id, version }: Copy): boolean {
    return this.#open.get(id)?.finding.cachedVersion === version;
  }

  /** Whether what is found at this place can be kept. */
  hasRoom(copyId: string): boolean {
    return this.#open.has(copyId) || this.#open.size < KEPT;
  }

  /** There has to be room. Answers what was open at the same place, too: that is gone. */
  add(
    copy: Copy,
    originVersion: Version | null,
    missed: MissedInvalidation | null,
    { now, wallMs, seenMs }: { now: number; wallMs: number; seenMs: number },
  ): { finding: Finding; replaced: Finding | null } {
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
    const replaced = this.#resolve(copy.id, iso(wallMs));
    this.#open.set(copy.id, { finding, copyId: copy.id, named, staleSince, lookedAt: now });
    return { finding, replaced };
  }

  /** Those that should be looked at again, longest not looked at first. */
  due(now: number): OpenFinding[] {
    return [...this.#open.values()]
      .filter(({ lookedAt }) => now - lookedAt >= AGAIN_MS)
      .toSorted((one, other) => one.lookedAt - other.lookedAt)
      .slice(0, MOST_AT_ONCE);
  }

  /** What a look at `due` has shown: nothing is said of others, which it did not look at. Answers those that are gone. */
  update(
    due: readonly OpenFinding[],
    after: Look,
    { now, wallMs }: { now: number; wallMs: number },
  ): Finding[] {
    const resolved: Finding[] = [];
    for (const open of due) {
      if (open.finding.resolvedAt !== null) continue;
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
      this.#resolve(copyId, iso(wallMs));
      resolved.push(finding);
    }
    return resolved;
  }

  #resolve(copyId: string, at: string): Finding | null {
    const open = this.#open.get(copyId);
    if (open === undefined) return null;
    this.#open.delete(copyId);
    open.finding.resolvedAt = at;
    this.#resolved = [open.finding, ...this.#resolved].slice(0, KEPT);
    return open.finding;
  }
}

function iso(wallMs: number): string {
  return new Date(wallMs).toISOString();
}
