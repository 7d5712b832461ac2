import type { DomainAudit } from '../api/contract.ts';
import { timeOf } from '../appearance/format.ts';
import { now } from '../live/clock.ts';

const SHOWN = 20;

export function OperatorLog({ domains }: { domains: readonly DomainAudit[] }) {
  const items = domains
    .flatMap(({ domain, operatorLog }) => operatorLog.map((item) => ({ ...item, domain })))
    .toSorted((a, b) => b.at.localeCompare(a.at))
    .slice(0, SHOWN);
  if (items.length === 0) return <p class="state">No operator has done anything yet.</p>;
  return (
    <ol class="items history" aria-label="Actions of operators">
      {items.map((item) => (
        <li key={`${item.domain} ${item.at} ${item.action}`}>
          <time dateTime={item.at}>{timeOf(item.at, now.value)}</time>
          <div>
            <p>
              <strong>{item.who}</strong> {item.action.replaceAll('-', ' ')}{' '}
              <span class="muted">in {item.domain}</span>
            </p>
            <p class="muted">{item.reason ?? 'no reason given'}</p>
          </div>
        </li>
      ))}
    </ol>
  );
}
