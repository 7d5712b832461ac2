import {
  problemIn,
  type HostileRequest,
  hostileBodies,
  hostileIds,
  type LoneReplica,
  malformedTags,
  malformedVersions,
} from '@freshet/test-kit/system';
import { beforeAll, describe, expect, it } from 'vitest';
import { startReplica } from './replica.ts';

const id = '01890a5d-ac96-774b-bcce-b302099a8057';
const user = { name: 'Ada', email: 'ada@example.com', avatarUrl: 'https://example.com/a.png' };
const invalid = { status: 400, code: 'INVALID_REQUEST' };
const readOnly = ['id', 'version', 'updatedAt'];

function badUser(what: string, fields: Record<string, unknown>): HostileRequest[] {
  const body = { ...user, ...fields };
  return [
    { what: `POST /users: ${what}`, method: 'POST', path: '/users', options: { body }, ...invalid },
    { what: `PATCH: ${what}`, method: 'PATCH', path: `/users/${id}`, options: { body: fields }, ...invalid },
  ];
}

const requests: HostileRequest[] = [
  ...hostileBodies({ method: 'POST', path: '/users', valid: user, readOnly }),
  ...hostileBodies({ method: 'PATCH', path: `/users/${id}`, valid: user, readOnly }),
  ...hostileBodies({
    method: 'POST',
    path: '/sessions',
    valid: { userId: id },
    readOnly: ['id', 'createdAt', 'expiresAt'],
  }),

  ...badUser('an empty name', { name: '' }),
  ...badUser('a name of 201 characters', { name: 'x'.repeat(201) }),
  ...badUser('a name with NUL', { name: 'a\0b' }),
  ...badUser('a name with half a surrogate pair', { name: 'a\ud800b' }),
  ...badUser('name null', { name: null }),
  ...badUser('no address', { email: 'ada' }),
  ...badUser('an address of 255 characters', { email: `${'x'.repeat(243)}@example.com` }),
  ...badUser('an address with NUL', { email: 'a\0da@example.com' }),
  ...badUser('an address on two lines', { email: 'ada@example.com\nbcc: x@example.com' }),
  ...badUser('email null', { email: null }),
  ...badUser('a relative avatar', { avatarUrl: '/a.png' }),
  ...badUser('a javascript: avatar', { avatarUrl: 'javascript:alert(1)' }),
  ...badUser('a data: avatar', { avatarUrl: 'data:image/png;base64,AAAA' }),
  ...badUser('an ftp avatar', { avatarUrl: 'ftp://example.com/a.png' }),
  ...badUser('an avatar without a host', { avatarUrl: 'https://' }),
  ...badUser('an avatar with spaces', { avatarUrl: 'https://example.com/a b' }),
  ...badUser('an avatar of 2,049 characters', { avatarUrl: `https://example.com/${'x'.repeat(2_029)}` }),
  {
    what: 'POST /users without a name',
    method: 'POST',
    path: '/users',
    options: { body: { email: user.email } },
    ...invalid,
  },
  {
    what: 'POST /users without an address',
    method: 'POST',
    path: '/users',
    options: { body: { name: 'Ada' } },
    ...invalid,
  },
  {
    what: 'a session of no UUID',
    method: 'POST',
    path: '/sessions',
    options: { body: { userId: 'ada' } },
    ...invalid,
  },

  ...['/users', '/sessions'].flatMap((path) => [
    ...['GET', 'PUT', 'PATCH', 'DELETE'].map((method) => ({
      what: `${method} ${path}`,
      method,
      path,
      status: 405,
      code: 'METHOD_NOT_ALLOWED',
    })),
    ...['POST', 'PUT', 'TRACE', 'PROPFIND'].map((method) => ({
      what: `${method} ${path}/{id}`,
      method,
      path: `${path}/${id}`,
      status: 405,
      code: 'METHOD_NOT_ALLOWED',
    })),
    ...malformedTags.map((tag) => ({
      what: `If-None-Match: ${tag} on ${path}`,
      method: 'GET',
      path: `${path}/${id}`,
      options: { headers: { 'if-none-match': tag } },
      ...invalid,
    })),
    ...malformedTags.map((tag) => ({
      what: `If-Match: ${tag} on ${path}`,
      method: 'DELETE',
      path: `${path}/${id}`,
      options: { headers: { 'if-match': tag } },
      ...invalid,
    })),
  ]),
  ...['/', '/user', '/users/', `/users/${id}/sessions`, '/Users', '/openapi', '/metrics/x', '//users'].map(
    (path) => ({
      what: `GET ${path}`,
      method: 'GET',
      path,
      status: 404,
      code: 'ROUTE_NOT_FOUND',
    }),
  ),
];

describe('bad input is refused with what to do about it, and never with a 5xx', () => {
  let replica: LoneReplica;
  beforeAll(async () => {
    replica = await startReplica();
  });

  it.each(requests)('$what', async ({ method, path, options, status, code }) => {
    expect(problemIn(await replica.send(method, path, options))).toBe(`${status} ${code}`);
  });

  it.each(hostileIds)('the id %j', async (hostile) => {
    for (const [method, path, options] of [
      ['GET', `/users/${hostile}`, {}],
      ['PATCH', `/users/${hostile}`, { body: { name: 'Ada' } }],
      ['DELETE', `/users/${hostile}`, {}],
      ['GET', `/sessions/${hostile}`, {}],
      ['DELETE', `/sessions/${hostile}`, {}],
    ] as const) {
      expect(problemIn(await replica.send(method, path, options))).toBe('400 INVALID_REQUEST');
    }
  });

  it.each(malformedVersions)('Freshet-Min-Version: %j', async (version) => {
    for (const path of [`/users/${id}`, `/sessions/${id}`]) {
      const answer = await replica.send('GET', path, { headers: { 'freshet-min-version': version } });
      expect(answer.status).toBe(400);
      expect(problemIn(answer)).toMatch(/^400 /);
    }
  });
});
