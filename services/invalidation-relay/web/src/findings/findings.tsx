import './findings.css';
import { propose } from '../actions/action.ts';
import { api } from '../api/client.ts';
import type { Finding } from '../api/contract.ts';
import { durationOf, plural, timeOf } from '../appearance/format.ts';
import { inspect } from '../inspector/inspected.ts';
import { Content, Panel } from '../layout/panel.tsx';
import { now } from '../live/clock.ts';
import { events } from '../live/finding-events.ts';
import { audit, findings } from '../live/store.ts';
import { causeOf } from '../verdict/judge-findings.ts';
import { TtlFindings } from './ttl-findings.tsx';

export function Findings() {
  const all = findings.value;
  const open = all.filter(({ resolvedAt }) => resolvedAt === null);
  return (
    <Panel
      id="findings"
      title="Audit"
      {...(audit.known.value.value !== undefined && {
        aside: open.length === 0 ? 'nothing old is cached' : `${plural(open.length, 'old value')} cached`,
      })}
      tools={
        open.length > 0 && (
          <button type="button" class="button" onClick={() => proposeInvalidation(open)}>
            Invalidate {open.length === 1 ? 'it' : 'all'}
          </button>
        )
      }
    >
      <Content known={audit.known.value} of="the audit’s findings">
        {({ items }) => (
          <>
            {all.length === 0 ? (
              <p class="state">No cached value was older than promised.</p>
            ) : (
              <ul class="items">
                {all.map((finding) => (
                  <FindingItem key={finding.id} finding={finding} />
                ))}
              </ul>
            )}
            <TtlFindings domains={items} />
          </>
        )}
      </Content>
    </Panel>
  );
}

function FindingItem({ finding }: { finding: Finding }) {
  const {
    key,
    layer,
    instance,
    replicaId,
    cachedVersion,
    originVersion,
    firstSeenAt,
    resolvedAt,
    staleForMs,
  } = finding;
  return (
    <li data-open={resolvedAt === null}>
      <p>
        <button type="button" class="link code" onClick={() => inspect(key)}>
          {key}
        </button>{' '}
        <span data-level={resolvedAt === null ? 'stale' : undefined}>
          {resolvedAt === null ? 'old' : 'was old'} in{' '}
          {layer === 'l1' ? `the memory of ${instance ?? replicaId}` : 'Redis'}
        </span>
      </p>
      <p class="muted">
        since {timeOf(firstSeenAt, now.value)}, for {durationOf(staleForMs)}
        {resolvedAt === null
          ? `: ${causeOf(finding, events.value)}`
          : `, until ${timeOf(resolvedAt, now.value)}`}
        {'; '}
        <span class="code">{cachedVersion}</span> instead of{' '}
        <span class="code">{originVersion ?? 'no row'}</span>
      </p>
    </li>
  );
}

function proposeInvalidation(open: readonly Finding[]): void {
  const keys = [...new Set(open.map(({ key }) => key))];
  propose({
    title: `Invalidate ${plural(keys.length, 'key')}`,
    effect:
      'Every cache lets go of them, and the next reader loads them from Postgres. Harmless when repeated.',
    subjects: keys,
    verb: 'Invalidate',
    done: `${plural(keys.length, 'key')} will be out of every cache at once.`,
    perform: (reason, by) => api.invalidate(keys, reason, by),
  });
}
