import { Problem } from '@freshet/service-kit';
import { expect, test } from 'vitest';
import { OperatorGate, type OperatorGateOptions } from './operator-gate.ts';
import type { AskedRequest } from './request-origin.ts';

const TOKEN = 'correct-horse-battery';

interface Asked {
  headers?: Record<string, string>;
  from?: string;
}

function request({ headers = {}, from = '127.0.0.1' }: Asked = {}): AskedRequest {
  const all: Record<string, string> = {
    host: 'localhost:3003',
    'content-type': 'application/json',
    ...headers,
  };
  return { get: (name) => all[name.toLowerCase()], socket: { remoteAddress: from } };
}

function gate(options: Partial<OperatorGateOptions> = {}): OperatorGate {
  return new OperatorGate({ host: '127.0.0.1', token: undefined, logger: { info: () => {} }, ...options });
}

/** What comes of an action, and what `session` says to the same caller. */
function asked(at: OperatorGate, what: Asked): string {
  const { actions } = at.session(request(what));
  try {
    at.admit(request(what), 'why');
    return `admitted, ${actions}`;
  } catch (error) {
    return error instanceof Problem ? `${error.status} ${error.code}, ${actions}` : String(error);
  }
}

test('without a token whoever is on this machine may act', () => {
  expect(gate().admit(request(), 'why')).toEqual({ who: '127.0.0.1', reason: 'why' });
  for (const local of [
    {},
    { from: '::1' },
    { from: '::ffff:127.0.0.1' },
    { headers: { host: '[::1]:3003' } },
  ]) {
    expect({ local, is: asked(gate(), local) }).toEqual({ local, is: 'admitted, open' });
  }
});

test.each([
  ['another machine', { from: '192.0.2.7' }],
  ['what a proxy here passes on', { headers: { 'x-forwarded-for': '192.0.2.7' } }],
  ['what a newer proxy here passes on', { headers: { forwarded: 'for=192.0.2.7' } }],
  ['a name that a page has made mean this machine', { headers: { host: 'evil.example:3003' } }],
  ['no name', { headers: { host: '' } }],
])('without a token nobody else may: %s', (_, what) => {
  expect(asked(gate(), what)).toBe('403 OPERATOR_TOKEN_NOT_SET, refused');
});

test('without a token nobody may act on a relay that listens to others', () => {
  expect(asked(gate({ host: '0.0.0.0' }), {})).toBe('403 OPERATOR_TOKEN_NOT_SET, refused');
});

test('with a token whoever knows it may act, from anywhere', () => {
  const headers = { authorization: `Bearer ${TOKEN}` };
  expect(asked(gate({ host: '0.0.0.0', token: TOKEN }), { headers, from: '192.0.2.7' })).toBe(
    'admitted, open',
  );
});

test.each(['', 'Bearer', `Bearer ${TOKEN}x`, `Basic ${TOKEN}`, 'Bearer correct'])(
  'with a token nobody may without it: %j',
  (authorization) => {
    expect(asked(gate({ token: TOKEN }), { headers: { authorization } })).toBe(
      '401 OPERATOR_TOKEN_REQUIRED, token',
    );
  },
);

test.each([
  { 'sec-fetch-site': 'cross-site' },
  { 'sec-fetch-site': 'same-site' },
  { origin: 'https://evil.example' },
  { origin: 'null' },
  { origin: 'http://localhost:4000' },
])('a page of another site is refused, with the token too: %o', (from) => {
  const headers = { authorization: `Bearer ${TOKEN}`, ...from };
  expect(asked(gate({ token: TOKEN }), { headers })).toBe('403 CROSS_SITE, refused');
  expect(asked(gate(), { headers: from })).toBe('403 CROSS_SITE, refused');
});

test.each([
  { 'sec-fetch-site': 'same-origin', origin: 'http://localhost:3003' },
  { 'sec-fetch-site': 'none' },
])('its own console is not: %o', (headers) => {
  expect(asked(gate(), { headers })).toBe('admitted, open');
});

test.each(['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data', ''])(
  'what a form can send is no action: %j',
  (type) => {
    expect(asked(gate(), { headers: { 'content-type': type } })).toBe('415 UNSUPPORTED_MEDIA_TYPE, open');
  },
);

test('a proxy that changes Host does not make its own console a foreign page', () => {
  const headers = {
    authorization: `Bearer ${TOKEN}`,
    'sec-fetch-site': 'same-origin',
    origin: 'https://relay.example',
  };
  expect(asked(gate({ token: TOKEN }), { headers })).toBe('admitted, open');
});

test('who it was is where they are, after the name that they claim', () => {
  const who = (headers: Record<string, string>, from = '192.0.2.7') =>
    gate({ token: TOKEN }).admit(
      request({ headers: { authorization: `Bearer ${TOKEN}`, ...headers }, from }),
      'why',
    ).who;
  expect(who({})).toBe('192.0.2.7');
  expect(who({}, '::ffff:192.0.2.7')).toBe('192.0.2.7');
  expect(who({ 'freshet-operator': 'bob' }, '::1')).toBe('bob (::1)');
  expect(who({ 'freshet-operator': ' \t ' })).toBe('192.0.2.7');
  expect(who({ 'freshet-operator': 'bob (127.0.0.1)' })).toBe('bob (127.0.0.1) (192.0.2.7)');
  expect(who({ 'freshet-operator': `\u0007${'x'.repeat(200)}` })).toBe(`${'x'.repeat(100)} (192.0.2.7)`);
});

test.each(['x-forwarded-user', 'x-forwarded-for', 'forwarded', 'x-real-ip'])(
  'nobody becomes somebody by a header of proxies: %s',
  (header) => {
    const headers = { authorization: `Bearer ${TOKEN}`, [header]: 'ann@example.org' };
    expect(gate({ token: TOKEN }).admit(request({ headers }), 'why').who).toBe('127.0.0.1');
  },
);
