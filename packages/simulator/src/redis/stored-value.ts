import { endOfDigits } from './digits.ts';

/** What the Lua scripts see under a key; `read` of value.lua. */
export type StoredValue =
  | { kind: 'absent' | 'lease' | 'dead' | 'other' }
  | { kind: 'entry'; version: string; blessing: number }
  /** At least one live token with its deadline; expired ones are left out, and disturb it. */
  | { kind: 'fence'; tokens: Map<string, number>; disturbed: boolean };

export const ABSENT: StoredValue = { kind: 'absent' };
const LEASE: StoredValue = { kind: 'lease' };
const DEAD: StoredValue = { kind: 'dead' };
const OTHER: StoredValue = { kind: 'other' };

const VERSION = '{"v":"';
const BLESSING = '","b":';
const FENCE = '{"fence":{';
const DISTURBED = '},"disturbed":';

export function readStoredValue(text: string, nowMs: number): StoredValue {
  if (text.startsWith(VERSION)) return readEntry(text);
  if (text.startsWith('{"lease":"')) return LEASE;
  if (text.startsWith(FENCE)) return readFence(text, nowMs);
  return OTHER;
}

export function leaseText(token: string): string {
  return `{"lease":"${token}"}`;
}

export function fenceText(tokens: ReadonlyMap<string, number>, disturbed: boolean): string {
  const parts: string[] = [];
  for (const [token, deadline] of tokens) parts.push(`"${token}":${deadline}`);
  if (parts.length > 1) parts.sort();
  return `${FENCE}${parts.join(',')}${DISTURBED}${disturbed ? 1 : 0}}`;
}

function readEntry(text: string): StoredValue {
  const versionEnd = endOfDigits(text, VERSION.length);
  if (versionEnd === VERSION.length || !text.startsWith(BLESSING, versionEnd)) return OTHER;
  const blessingStart = versionEnd + BLESSING.length;
  const blessingEnd = endOfDigits(text, blessingStart);
  if (blessingEnd === blessingStart || text[blessingEnd] !== ',') return OTHER;
  return {
    kind: 'entry',
    version: text.slice(VERSION.length, versionEnd),
    blessing: Number(text.slice(blessingStart, blessingEnd)),
  };
}

function readFence(text: string, nowMs: number): StoredValue {
  const innerEnd = text.length - DISTURBED.length - 2;
  if (innerEnd < FENCE.length || !text.startsWith(DISTURBED, innerEnd) || !text.endsWith('}')) return OTHER;
  const flag = text[text.length - 2];
  if (flag !== '0' && flag !== '1') return OTHER;
  const tokens = new Map<string, number>();
  let disturbed = flag === '1';
  for (const [, token, digits] of text.slice(FENCE.length, innerEnd).matchAll(/"([^"]+)":(\d+)/g)) {
    const deadline = Number(digits);
    if (token !== undefined && deadline > nowMs) tokens.set(token, deadline);
    else disturbed = true;
  }
  return tokens.size === 0 ? DEAD : { kind: 'fence', tokens, disturbed };
}
