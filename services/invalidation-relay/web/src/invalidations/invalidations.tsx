import './stream.css';
import { computed, useSignal, useSignalEffect } from '@preact/signals';
import { useMemo, useRef } from 'preact/hooks';
import { moveFocus } from '../layout/move-focus.ts';
import { Content, Panel, Unavailable } from '../layout/panel.tsx';
import { type Filter, filter, invalidationFeed, invalidations, passes } from '../live/invalidation-feed.ts';
import { heldList } from './held-list.ts';
import { InvalidationRow } from './invalidation-row.tsx';

const filtered = computed(() => invalidations.value.filter((item) => passes(item, filter.value)));

const nothing: Record<Filter, string> = {
  all: 'Nothing was invalidated yet. A change of a cached row appears here at once.',
  waiting: 'Nothing waits: every change has reached Redis and the log.',
  dead: 'There is no dead letter.',
};

/** The stream. While one is open, or the list is scrolled, new ones wait behind a button: what somebody reads stays where it is. */
export function Invalidations() {
  const list = useRef<HTMLOListElement>(null);
  const opened = useSignal<string | null>(null);
  const { shown, held, waiting, hold, release } = useMemo(() => heldList(filtered), []);

  const resume = () => {
    opened.value = null;
    release();
    list.current?.scrollTo({ top: 0 });
  };
  const toggle = (id: string) => {
    opened.value = opened.value === id ? null : id;
    if (opened.value !== null) hold();
    else if (list.current?.scrollTop === 0) release();
  };
  useSignalEffect(() => {
    if (filter.value !== 'all') void invalidationFeed.load();
    resume();
  });

  return (
    <Panel
      id="invalidations"
      title="Invalidations"
      tools={
        <>
          <button
            type="button"
            class="button"
            aria-pressed={held.value}
            onClick={() => (held.value ? resume() : hold())}
          >
            {!held.value ? 'Pause' : waiting.value > 0 ? `Show ${waiting.value} new` : 'Resume'}
          </button>
          <select
            aria-label="Which invalidations"
            value={filter.value}
            onChange={(event) => (filter.value = event.currentTarget.value as Filter)}
          >
            <option value="all">All</option>
            <option value="waiting">Waiting</option>
            <option value="dead">Dead letters</option>
          </select>
        </>
      }
    >
      <Content known={invalidationFeed.known.value} of="the invalidations">
        {({ unavailable }) => (
          <>
            <Unavailable domains={unavailable} />
            <ol
              ref={list}
              class="stream"
              onScroll={(event) => {
                if (event.currentTarget.scrollTop > 0) hold();
                else if (opened.value === null) release();
              }}
              onKeyDown={moveFocus}
            >
              {shown.value.length === 0 && <li class="state">{nothing[filter.value]}</li>}
              {shown.value.map((item, index) => (
                <InvalidationRow
                  key={item.id}
                  item={item}
                  open={opened.value === item.id}
                  first={index === 0}
                  onToggle={() => toggle(item.id)}
                />
              ))}
            </ol>
          </>
        )}
      </Content>
    </Panel>
  );
}
