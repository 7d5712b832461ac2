import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { ageOf, timeOf } from '../appearance/format.ts';
import { ThemeToggle } from '../appearance/theme-toggle.tsx';
import { inspect } from '../inspector/inspected.ts';
import { now } from '../live/clock.ts';
import { connection, overview } from '../live/store.ts';

export function TopBar() {
  return (
    <header class="top-bar">
      <h1>
        Freshet <span class="instance">{overview.known.value.value?.relay.instance}</span>
      </h1>
      <ConnectionState />
      <KeySearch />
      <ThemeToggle />
    </header>
  );
}

/** Whether the page is live, and if not, from when its data is. */
function ConnectionState() {
  const { state } = connection.value;
  const { at } = overview.known.value;
  const text = {
    connecting: 'Connecting …',
    live: 'Live',
    reconnecting: 'Reconnecting …',
  }[state];
  return (
    <p class="connection" data-state={state}>
      <span class="dot" aria-hidden="true" />
      <span role="status">{text}</span>
      {state === 'reconnecting' && at !== undefined && (
        <span class="age">
          data of {timeOf(at, now.value)}, {ageOf(at, now.value)} old
        </span>
      )}
    </p>
  );
}

function KeySearch() {
  const key = useSignal('');
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => {
    const focusOnSlash = (event: KeyboardEvent) => {
      if (event.key !== '/' || event.ctrlKey || event.metaKey || event.altKey) return;
      if (event.target instanceof HTMLElement && event.target.closest('input, textarea, dialog')) return;
      event.preventDefault();
      input.current?.focus();
    };
    document.addEventListener('keydown', focusOnSlash);
    return () => document.removeEventListener('keydown', focusOnSlash);
  }, []);
  return (
    <form
      class="key-search"
      role="search"
      onSubmit={(event) => {
        event.preventDefault();
        if (key.value.trim() !== '') inspect(key.value.trim());
      }}
    >
      <input
        ref={input}
        name="key"
        type="search"
        class="code"
        aria-label="Inspect a key"
        aria-keyshortcuts="/"
        placeholder="user:profile:…"
        autocomplete="off"
        autocapitalize="none"
        spellcheck={false}
        value={key.value}
        onInput={(event) => (key.value = event.currentTarget.value)}
      />
      <button type="submit" class="button">
        Inspect
      </button>
    </form>
  );
}
