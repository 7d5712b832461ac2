import './history.css';
import type { Blessing } from '../api/contract.ts';
import { durationOf, timeOf } from '../appearance/format.ts';
import { Content, Panel, Unavailable } from '../layout/panel.tsx';
import { now } from '../live/clock.ts';
import { audit, blessings } from '../live/store.ts';
import { kindOf } from './kind-of-blessing.ts';
import { OperatorLog } from './operator-log.tsx';

/** Which Redis counted when: every restart, failover and flush is a blessing. */
export function History() {
  return (
    <Panel id="history" title="History" aside="blessings, failovers, actions of operators">
      <Content known={blessings.known.value} of="the blessings">
        {({ items, unavailable }) => (
          <>
            <Unavailable domains={unavailable} />
            {items.length === 0 ? (
              <p class="state">No Redis was blessed yet.</p>
            ) : (
              <ol class="items history">
                {items.map((blessing) => (
                  <BlessingItem
                    key={`${blessing.domain} ${blessing.number}`}
                    blessing={blessing}
                    before={items.find(
                      ({ domain, number }) => domain === blessing.domain && number < blessing.number,
                    )}
                  />
                ))}
              </ol>
            )}
          </>
        )}
      </Content>
      <Content known={audit.known.value} of="the operator’s log">
        {({ items }) => <OperatorLog domains={items} />}
      </Content>
    </Panel>
  );
}

function BlessingItem({ blessing, before }: { blessing: Blessing; before: Blessing | undefined }) {
  const { domain, number, recordedAt, finishedAt, recordedBy, history } = blessing;
  return (
    <li>
      <time dateTime={recordedAt}>{timeOf(recordedAt, now.value)}</time>
      <div>
        <p>
          <strong>{domain}</strong> {kindOf(blessing, before)} <span class="muted">blessing {number}</span>
        </p>
        <p class="muted">
          {finishedAt === null ? (
            <span data-level="attention">not finished: its caches stand aside</span>
          ) : (
            `caches stood aside for ${durationOf(Date.parse(finishedAt) - Date.parse(recordedAt))}`
          )}
          {' · '}by {nameOf(recordedBy)} · Redis <span class="code">{history.slice(0, 8)}</span>
        </p>
      </div>
    </li>
  );
}

/** `relay-1/<uuid of its process>` → `relay-1`. */
function nameOf(recordedBy: string): string {
  return recordedBy.split('/')[0] ?? recordedBy;
}
