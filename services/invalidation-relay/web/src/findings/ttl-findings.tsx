import type { TtlScan } from '../api/contract.ts';
import { countOf, timeOf } from '../appearance/format.ts';
import { now } from '../live/clock.ts';

/** Keys whose expiry no policy gave: a cache that forgets nothing, or a writer past the library. */
export function TtlFindings({ domain, scan }: { domain: string; scan: TtlScan }) {
  const kinds = [
    { name: 'without an expiry', keys: scan.withoutTtl },
    { name: 'with the wrong expiry', keys: scan.wrongTtl },
    { name: 'of no known schema', keys: scan.unknownSchema },
  ].filter(({ keys }) => keys.length > 0);
  return (
    <div class="ttl-scan">
      <p class="muted">
        {scan.scannedAt === null
          ? `${domain}: its keys in Redis have not been searched yet.`
          : kinds.length === 0
            ? `${domain}: all ${countOf(scan.keys)} keys in Redis expire as they should (looked at ${timeOf(scan.scannedAt, now.value)}).`
            : `${domain}: of ${countOf(scan.keys)} keys in Redis (looked at ${timeOf(scan.scannedAt, now.value)}):`}
      </p>
      {kinds.map(({ name, keys }) => (
        <details key={name}>
          <summary data-level="attention">
            {keys.length === 20 ? '20 or more' : keys.length} {name}
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
