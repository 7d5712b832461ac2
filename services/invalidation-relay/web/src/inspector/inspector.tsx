import './inspector.css';
import { useEffect, useMemo } from 'preact/hooks';
import { propose } from '../actions/action.ts';
import { api } from '../api/client.ts';
import type { InspectedKey } from '../api/contract.ts';
import { plural } from '../appearance/format.ts';
import { Dialog } from '../layout/dialog.tsx';
import { Content } from '../layout/panel.tsx';
import { resource } from '../live/resource.ts';
import { closeInspector, inspected } from './inspected.ts';
import { holdersOf } from './holders.ts';
import { HolderTable } from './holder-table.tsx';

const AGAIN_AFTER_MS = 1_000;

/** One key, everywhere at once: what Postgres, Redis and each memory hold of it. Versions only, never a value. */
export function Inspector() {
  const key = inspected.value;
  if (key === null) return null;
  return (
    <Dialog key={key} title="Key" shape="drawer" onClose={closeInspector}>
      <Inspection inspectedKey={key} />
    </Dialog>
  );
}

function Inspection({ inspectedKey: key }: { inspectedKey: string }) {
  const found = useMemo(() => resource(() => api.key(key)), [key]);
  useEffect(() => {
    void found.load();
    const timer = setInterval(() => {
      if (document.visibilityState === 'visible') void found.load();
    }, AGAIN_AFTER_MS);
    return () => clearInterval(timer);
  }, [found]);

  return (
    <>
      <p class="code inspected-key">{key}</p>
      <Content known={found.known.value} of="this key">
        {(value) => <Found value={value} />}
      </Content>
      <div class="buttons">
        <button type="button" class="button primary" onClick={() => proposeInvalidation(key)}>
          Invalidate
        </button>
      </div>
    </>
  );
}

function Found({ value }: { value: InspectedKey }) {
  const holders = holdersOf(value);
  const old = holders.filter(({ judgement }) => judgement === 'old');
  return (
    <>
      <p
        class="judgement"
        data-level={old.length > 0 && value.pending === 0 ? 'stale' : old.length > 0 ? 'attention' : 'fresh'}
      >
        {old.length === 0
          ? 'No cache holds anything older than Postgres.'
          : `Older than Postgres: ${old.map(({ name }) => name).join(', ')}.`}{' '}
        {value.pending > 0 &&
          `${plural(value.pending, 'invalidation')} of it ${value.pending === 1 ? 'is' : 'are'} on the way.`}
      </p>
      <HolderTable holders={holders} />
      {value.origin.error !== undefined && <p class="hint">Postgres: {value.origin.error}</p>}
    </>
  );
}

function proposeInvalidation(key: string): void {
  propose({
    title: 'Invalidate a key',
    effect: 'Every cache lets go of it, and the next reader loads it from Postgres. Harmless when repeated.',
    subjects: [key],
    verb: 'Invalidate',
    done: `${key} will be out of every cache at once.`,
    perform: (reason, by) => api.invalidate([key], reason, by),
  });
}
