import type { OpenDomain } from '../../domain/open-domain.ts';
import type { Finding } from '../schemas/audit.ts';
import { toBlessing } from '../blessings.ts';
import { toItem } from '../invalidation-item.ts';
import type { RowState } from '../operator-store.ts';
import { Changes } from './changes.ts';
import type { EventSource } from './event-hub.ts';

/** Invalidations of one domain that one look tells of; of more at once, the newest. */
const MOST_AT_ONCE = 100;
const BLESSINGS = 5;

export function invalidationSource({ name, operators }: OpenDomain): EventSource {
  const changes = new Changes<RowState>(({ id, attempts, applied, dead }) => ({
    id,
    state: `${attempts} ${applied} ${dead}`,
  }));
  return {
    async look() {
      const changed = changes.since(await operators.recentStates()).map(({ id }) => id);
      if (changed.length === 0) return [];
      const newest = changed.toSorted((a, b) => Number(BigInt(b) - BigInt(a))).slice(0, MOST_AT_ONCE);
      const rows = await operators.byIds(newest);
      return rows.toReversed().map((row) => ({ name: 'invalidation', data: toItem(name, row) }));
    },
  };
}

export function blessingSource({ name, blessings }: OpenDomain): EventSource {
  const changes = new Changes<ReturnType<typeof toBlessing>>(({ number, finishedAt }) => ({
    id: String(number),
    state: finishedAt ?? '',
  }));
  return {
    async look() {
      const newest = (await blessings.history(BLESSINGS)).map(toBlessing);
      return changes
        .since(newest)
        .toReversed()
        .map((blessing) => ({ name: 'blessing', data: { domain: name, ...blessing } }));
    },
  };
}

/** When it is found, and when it is gone. */
export function findingSource({ audited }: OpenDomain): EventSource {
  const changes = new Changes<Finding>(({ id, resolvedAt }) => ({ id, state: resolvedAt ?? '' }));
  return {
    async look() {
      const board = await audited.read();
      return changes.since(board?.findings ?? []).map((finding) => ({ name: 'finding', data: finding }));
    },
  };
}
