import { signal } from '@preact/signals';

const PREFIX = '#key=';

/** The key that the inspector shows. It is in the address, so that it can be sent to somebody. */
export const inspected = signal<string | null>(fromAddress());

window.addEventListener('hashchange', () => (inspected.value = fromAddress()));

function fromAddress(): string | null {
  if (!location.hash.startsWith(PREFIX)) return null;
  try {
    return decodeURIComponent(location.hash.slice(PREFIX.length));
  } catch {
    return null;
  }
}

export function inspect(key: string): void {
  location.hash = PREFIX + encodeURIComponent(key);
}

export function closeInspector(): void {
  history.pushState(null, '', location.pathname + location.search);
  inspected.value = null;
}
