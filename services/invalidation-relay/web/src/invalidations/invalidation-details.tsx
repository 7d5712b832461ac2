import { useSignal } from '@preact/signals';
import { useEffect, useMemo } from 'preact/hooks';
import { api } from '../api/client.ts';
import type { Invalidation, InvalidationDetail } from '../api/contract.ts';
import { inspect } from '../inspector/inspected.ts';
import { Content } from '../layout/panel.tsx';
import { addInvalidations } from '../live/invalidation-feed.ts';
import { resource } from '../live/resource.ts';
import { PathTimeline } from './path-timeline.tsx';

const AGAIN_AFTER_MS = 1_000;
/** A replica that has not said by then when it applied it will not say it any more. */
const ASK_AT_MOST = 10;

/** An invalidation's path, asked for again until every replica has told when it applied it. */
export function InvalidationDetails({ item }: { item: Invalidation }) {
  const path = useMemo(
    () =>
      resource(async () => {
        const detail = await api.invalidation(item.id);
        addInvalidations([detail]);
        return detail;
      }),
    [item.id],
  );
  const asked = useSignal(0);
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    let closed = false;
    const ask = async (): Promise<void> => {
      await path.load();
      asked.value += 1;
      if (closed || asked.value >= ASK_AT_MOST || isComplete(path.known.value.value)) return;
      timer = setTimeout(() => void ask(), AGAIN_AFTER_MS);
    };
    asked.value = 0;
    void ask();
    return () => {
      closed = true;
      clearTimeout(timer);
    };
  }, [path, item.state, item.attempts]);

  return (
    <div class="details">
      {item.lastError !== null && item.state !== 'applied' && (
        <p class="problem">
          Attempt {item.attempts} failed: {item.lastError}
        </p>
      )}
      {item.deadReason !== null && <p class="problem">Dead: {item.deadReason}</p>}
      <Content known={path.known.value} of="its path">
        {(value) => <PathTimeline path={value} />}
      </Content>
      <dl class="facts">
        <div>
          <dt>Invalidation</dt>
          <dd class="code">{item.id}</dd>
        </div>
        <div>
          <dt>Version</dt>
          <dd class="code">{item.version}</dd>
        </div>
        {path.known.value.value?.traceId && (
          <div>
            <dt>Trace</dt>
            <dd class="code">{path.known.value.value.traceId}</dd>
          </div>
        )}
      </dl>
      {item.key !== null && (
        <button type="button" class="link" onClick={() => inspect(item.key ?? '')}>
          Inspect {item.key}
        </button>
      )}
    </div>
  );
}

function isComplete(path: InvalidationDetail | undefined): boolean {
  return (
    path !== undefined &&
    path.state === 'applied' &&
    path.applied.every(({ at, answered }) => at !== null || !answered)
  );
}
