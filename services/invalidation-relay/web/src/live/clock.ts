import { signal } from '@preact/signals';

const TICK_MS = 1_000;

/** The relay's clock less this machine's: ages must be right on a laptop whose clock is not. */
let offsetMs = 0;

/** Relay time in ms, once a second: whatever shows an age reads it. */
export const now = signal(Date.now());

export function relayNow(): number {
  return Date.now() + offsetMs;
}

/** @param at what the relay's clock said just now */
export function learnRelayTime(at: string): void {
  offsetMs = Date.parse(at) - Date.now();
  now.value = relayNow();
}

export function startClock(): void {
  setInterval(() => (now.value = relayNow()), TICK_MS);
}
