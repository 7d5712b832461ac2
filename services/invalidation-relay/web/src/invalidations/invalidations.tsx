import { useComputed, useSignal } from '@preact/signals';
import { useRef } from 'preact/hooks';
import type { Invalidation } from '../api/contract.ts';
import { Content, Panel, Unavailable } from '../layout/panel.tsx';
import { invalidationFeed, invalidations } from '../live/invalidation-feed.ts';
import { moveFocus } from '../layout/move-focus.ts';
import { InvalidationRow } from './invalidation-row.tsx';

/**
 * The stream. While one is open, or the list is scrolled, new ones wait behind a button: what somebody reads must not
 * move. What is shown already still changes its state in place.
 */
export function Invalidations() {
  const list = useRef<HTMLOListElement>(null);
  const opened = useSignal<string | null>(null);
  /** Items created later wait; null while the list moves. */
  const heldAt = useSignal<ReadonlySet<string> | null>(null);
  const shown = useComputed(() => {
    const held = heldAt.value;
    return held === null ? invalidations.value : invalidations.value.filter(({ id }) => held.has(id));
  });
  const waiting = useComputed(() => invalidations.value.length - shown.value.length);

  const hold = () => (heldAt.value ??= new Set(invalidations.value.map(({ id }) => id)));
  const release = () => {
    opened.value = null;
    heldAt.value = null;
    if (list.current) list.current.scrollTop = 0;
  };
  const toggle = (item: Invalidation) => {
    opened.value = opened.value === item.id ? null : item.id;
    if (opened.value !== null) hold();
    else if (list.current?.scrollTop === 0) heldAt.value = null;
  };

  return (
    <Panel
      id="invalidations"
      title="Invalidations"
      tools={
        <button
          type="button"
          class="button"
          aria-pressed={heldAt.value !== null}
          onClick={() => (heldAt.value === null ? hold() : release())}
        >
          {heldAt.value === null ? 'Pause' : waiting.value > 0 ? `Show ${waiting.value} new` : 'Resume'}
        </button>
      }
    >
      <Content known={invalidationFeed.known.value} of="the invalidations">
        {({ unavailable }) => (
          <>
            <Unavailable domains={unavailable} />
            {shown.value.length === 0 ? (
              <p class="state">Nothing was invalidated yet. A change of a cached row appears here at once.</p>
            ) : (
              <ol
                ref={list}
                class="stream"
                onScroll={(event) => {
                  if (event.currentTarget.scrollTop > 0) hold();
                  else if (opened.value === null) heldAt.value = null;
                }}
                onKeyDown={moveFocus}
              >
                {shown.value.map((item, index) => (
                  <InvalidationRow
                    key={item.id}
                    item={item}
                    open={opened.value === item.id}
                    first={index === 0}
                    onToggle={() => toggle(item)}
                  />
                ))}
              </ol>
            )}
          </>
        )}
      </Content>
    </Panel>
  );
}
