import type { Invalidation } from '../api/contract.ts';
import { durationOf, preciseTimeOf, timeOf } from '../appearance/format.ts';
import { now } from '../live/clock.ts';
import { InvalidationDetails } from './invalidation-details.tsx';

const causes: Readonly<Record<string, string>> = {
  insert: 'insert',
  update: 'update',
  delete: 'delete',
  truncate: 'truncate',
};

interface RowProps {
  readonly item: Invalidation;
  readonly open: boolean;
  /** The one that Tab reaches; arrow keys go on from it. */
  readonly first: boolean;
  readonly onToggle: () => void;
}

export function InvalidationRow({ item, open, first, onToggle }: RowProps) {
  return (
    <li data-state={item.state}>
      <button
        type="button"
        data-row
        class="row"
        aria-expanded={open}
        tabIndex={first || open ? 0 : -1}
        onClick={onToggle}
      >
        <time dateTime={item.createdAt} title={preciseTimeOf(item.createdAt)}>
          {timeOf(item.createdAt, now.value)}
        </time>
        <span class="code key">{item.key ?? nameOf(item)}</span>
        <span class="cause">{causes[item.cause] ?? item.cause}</span>
        <State item={item} />
      </button>
      {open && <InvalidationDetails item={item} />}
    </li>
  );
}

/** Of what is no key: a whole entity, or an id that none can have. */
function nameOf({ service, entity, idParts }: Invalidation): string {
  return idParts === null ? `${service}:${entity}, all of it` : `${service}:${entity}: unusable id`;
}

function State({ item }: { item: Invalidation }) {
  switch (item.state) {
    case 'applied': {
      const took = item.appliedAt === null ? 0 : Date.parse(item.appliedAt) - Date.parse(item.createdAt);
      return <span class="state-chip">{durationOf(took)}</span>;
    }
    case 'pending':
      return (
        <span class="state-chip" data-level="unknown">
          pending
        </span>
      );
    case 'retrying':
      return (
        <span class="state-chip" data-level="attention">
          retry {item.attempts}
        </span>
      );
    case 'dead':
      return (
        <span class="state-chip" data-level="stale">
          dead letter
        </span>
      );
    default:
      return item.state satisfies never;
  }
}
