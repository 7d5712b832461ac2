import './dead-letters.css';
import { propose } from '../actions/action.ts';
import { api } from '../api/client.ts';
import type { Invalidation } from '../api/contract.ts';
import { ageOf, plural, timeOf } from '../appearance/format.ts';
import { Content, Panel, Unavailable } from '../layout/panel.tsx';
import { now } from '../live/clock.ts';
import { deadLetters } from '../live/store.ts';

/** Outbox rows that name no key which a cache could hold. Their ids are shown, never a row's content. */
export function DeadLetters() {
  const count = deadLetters.known.value.value?.items.length ?? 0;
  return (
    <Panel
      id="dead-letters"
      title="Dead letters"
      tools={
        count > 1 && (
          <button type="button" class="button" onClick={proposeReplayAll}>
            Replay all
          </button>
        )
      }
    >
      <Content known={deadLetters.known.value} of="the dead letters">
        {({ items, nextCursor, unavailable }) => (
          <>
            <Unavailable domains={unavailable} />
            {items.length === 0 ? (
              <p class="state">None: every change named a key that a cache can hold.</p>
            ) : (
              <ul class="items dead-letters">
                {items.map((item) => (
                  <DeadLetter key={item.id} item={item} />
                ))}
              </ul>
            )}
            {nextCursor !== undefined && <p class="state">There are more; these are the newest.</p>}
          </>
        )}
      </Content>
    </Panel>
  );
}

function DeadLetter({ item }: { item: Invalidation }) {
  return (
    <li>
      <div>
        <p>
          <span class="code">{item.id}</span>{' '}
          <span class="muted">
            {item.service}:{item.entity}, {item.cause}
          </span>
        </p>
        <p>{item.deadReason}</p>
        <p class="muted">
          {item.deadAt !== null && (
            <>
              <time dateTime={item.deadAt}>{timeOf(item.deadAt, now.value)}</time>,{' '}
              {ageOf(item.deadAt, now.value)} ago
            </>
          )}
        </p>
      </div>
      <button
        type="button"
        class="button"
        aria-label={`Replay ${item.id}`}
        onClick={() => proposeReplay(item)}
      >
        Replay
      </button>
    </li>
  );
}

const effect =
  'The relay takes it once more. It becomes a dead letter again if it still names no key that a cache could hold.';

function proposeReplay({ id, deadReason }: Invalidation): void {
  propose({
    title: 'Replay a dead letter',
    effect,
    subjects: [`${id}: ${deadReason ?? ''}`],
    verb: 'Replay',
    done: `${id} is due again.`,
    async perform(reason, by) {
      await api.replay(id, reason, by);
      await deadLetters.load();
    },
  });
}

function proposeReplayAll(): void {
  const items = deadLetters.known.value.value?.items ?? [];
  propose({
    title: 'Replay all dead letters',
    effect: effect.replace('it once', 'each once'),
    subjects: items.map(({ id }) => id),
    verb: 'Replay all',
    done: `${plural(items.length, 'dead letter')} or more are due again.`,
    async perform(reason, by) {
      await api.replayAll(null, reason, by);
      await deadLetters.load();
    },
  });
}
