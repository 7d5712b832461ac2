import type { DomainAudit, TtlScan } from '../api/contract.ts';
import { countOf, timeOf } from '../appearance/format.ts';
import { now } from '../live/clock.ts';

const SHOWN = 20;

/** Keys whose expiry no policy gave: a cache that forgets nothing, or a writer past the library. */
export function TtlFindings({ domains }: { domains: readonly DomainAudit[] }) {
  const wrong = domains.flatMap(({ domain, ttlScan }) => kindsOf(domain, ttlScan));
  return (
    <div class="ttl-scan">
      <p class="muted">
        Expiry of the keys in Redis:{' '}
        {domains.map(({ domain, ttlScan }) => summaryOf(domain, ttlScan)).join('; ')}.
      </p>
      {wrong.map(({ name, keys }) => (
        <details key={name}>
          <summary data-level="attention">
            {keys.length === SHOWN ? `${SHOWN} or more` : keys.length} {name}
          </summary>
          <ul>
            {keys.map((key) => (
              <li key={key} class="code">
                {key}
              </li>
            ))}
          </ul>
        </details>
      ))}
    </div>
  );
}

function kindsOf(domain: string, { withoutTtl, wrongTtl, unknownSchema }: TtlScan) {
  return [
    { name: `of ${domain} without an expiry`, keys: withoutTtl },
    { name: `of ${domain} with another expiry than their policy’s`, keys: wrongTtl },
    { name: `of ${domain} that no known schema explains`, keys: unknownSchema },
  ].filter(({ keys }) => keys.length > 0);
}

function summaryOf(domain: string, scan: TtlScan): string {
  if (scan.scannedAt === null) return `${domain} not searched yet`;
  if (scan.keys === 0) return `${domain} has none`;
  const all =
    kindsOf(domain, scan).length === 0 ? `all ${countOf(scan.keys)} right` : `${countOf(scan.keys)} keys`;
  return `${domain} ${all} at ${timeOf(scan.scannedAt, now.value)}`;
}
