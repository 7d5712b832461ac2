import type { ConsistencyWindow } from '../api/contract.ts';

const clock = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' });
const day = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short' });
const counts = new Intl.NumberFormat('en-GB');
const short = new Intl.NumberFormat('en-GB', { notation: 'compact', maximumFractionDigits: 1 });

/** `03:12:04`, with the day when it is not today's. */
export function timeOf(at: string | number, now: number): string {
  const time = new Date(at);
  const text = clock.format(time);
  return time.toDateString() === new Date(now).toDateString() ? text : `${day.format(time)}, ${text}`;
}

/** `03:12:04.123` */
export function preciseTimeOf(at: string): string {
  return `${clock.format(new Date(at))}.${String(new Date(at).getMilliseconds()).padStart(3, '0')}`;
}

/** `4 ms`, `1.2 s`, `52 s`, `4 min 10 s`, `3 h 12 min`, `2 d 4 h`. */
export function durationOf(ms: number): string {
  const value = Math.max(0, ms);
  if (value < 1_000) return `${Math.round(value)} ms`;
  if (value < 9_950) return `${(value / 1_000).toFixed(1)} s`;
  const seconds = Math.round(value / 1_000);
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3_600) return two(seconds, 60, 'min', 's');
  const minutes = Math.round(seconds / 60);
  if (minutes < 1_440) return two(minutes, 60, 'h', 'min');
  return two(Math.round(minutes / 60), 24, 'd', 'h');
}

function two(amount: number, per: number, large: string, small: string): string {
  const rest = amount % per;
  return `${Math.floor(amount / per)} ${large}${rest === 0 ? '' : ` ${rest} ${small}`}`;
}

/** Whole seconds, for what changes once a second: `4 s`, never `4.2 s`. */
export function ageOf(at: string | number, now: number): string {
  const ms = Math.max(0, now - new Date(at).getTime());
  return durationOf(ms < 9_950 ? Math.max(1_000, Math.round(ms / 1_000) * 1_000) : ms).replace('.0', '');
}

export function countOf(value: number): string {
  return counts.format(value);
}

export function shortCountOf(value: number): string {
  return value < 1_000 ? counts.format(value) : short.format(value).toLowerCase();
}

export function bytesOf(bytes: number): string {
  if (bytes < 1_000) return `${bytes} B`;
  if (bytes < 1_000_000) return `${(bytes / 1_000).toFixed(bytes < 10_000 ? 1 : 0)} kB`;
  return `${(bytes / 1_000_000).toFixed(bytes < 10_000_000 ? 1 : 0)} MB`;
}

/** `97.4 %`; never 100 % while something was missed. */
export function percentOf(ratio: number): string {
  const percent = ratio * 100;
  if (percent === 0 || percent === 100) return `${percent} %`;
  return `${Math.min(percent, 99.9).toFixed(1)} %`;
}

/** `3.4`; `≥ 3.4` while not one sample was old: that many samples show no more. */
export function ninesOf({ nines, stale }: ConsistencyWindow): string {
  if (nines === null) return '–';
  return `${stale === 0 ? '≥ ' : ''}${nines.toFixed(1)}`;
}

export function plural(count: number, one: string, many = `${one}s`): string {
  return `${countOf(count)} ${count === 1 ? one : many}`;
}

/** The end of a random id, enough to tell replicas apart. */
export function shortId(id: string): string {
  return id.length <= 8 ? id : `…${id.slice(-6)}`;
}
