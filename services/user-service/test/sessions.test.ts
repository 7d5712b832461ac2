import { eventually } from '@freshet/test-kit';
import { problemIn, type FreshetProcess, startSystem, type System, untilHit } from '@freshet/test-kit/system';
import { beforeAll, describe, expect, it } from 'vitest';

let system: System;
let service: FreshetProcess;
let userId: unknown;
beforeAll(async () => {
  system = await startSystem({ domains: ['user'], replicas: 1 });
  [service] = system.replicas.user as [FreshetProcess];
  const body = { name: 'Ada', email: 'ada@example.com' };
  userId = (await service.send('POST', '/users', { body })).json?.['id'];
});

const versionIn = ({ headers }: { headers: { etag?: unknown } }): string =>
  String(headers.etag).replaceAll('"', '');

describe('sessions', () => {
  it('are created for a user, live for a day, and are read from memory', async () => {
    const created = await service.send('POST', '/sessions', { body: { userId } });
    expect(created.status).toBe(201);
    const { id, createdAt, expiresAt } = created.json as Record<string, string>;
    expect(created.json).toEqual({
      id: expect.any(String),
      userId,
      createdAt: expect.any(String),
      expiresAt: expect.any(String),
    });
    expect(Date.parse(String(expiresAt)) - Date.parse(String(createdAt))).toBe(86_400_000);
    expect(created.headers.location).toBe(`/sessions/${id}`);

    const path = `/sessions/${id}`;
    const first = await service.send('GET', path);
    expect(first).toMatchObject({ status: 200, json: created.json, headers: { etag: created.headers.etag } });
    const second = await untilHit(service, path);
    expect(second.headers['cache-status']).toMatch(/^user-service; hit; ttl=\d+; detail=l1$/);
    const third = await service.send('GET', path, {
      headers: { 'if-none-match': String(created.headers.etag) },
    });
    expect(third.status).toBe(304);
  });

  it('G3: are at least as new as Freshet-Min-Version asks, ended ones included', async () => {
    const created = await service.send('POST', '/sessions', { body: { userId } });
    const path = String(created.headers.location);
    await untilHit(service, path);
    const least = { 'freshet-min-version': versionIn(created) };
    expect((await service.send('GET', path, { headers: least })).headers['cache-status']).toContain('; hit');
    const ended = await service.send('DELETE', path);
    const headers = { 'freshet-min-version': versionIn(ended) };
    const gone = await service.send('GET', path, { headers });
    expect(problemIn(gone)).toBe('404 NOT_FOUND');
    const newer = { 'freshet-min-version': '9223372036854775807' };
    expect((await service.send('GET', path, { headers: newer })).headers['cache-status']).toContain('; fwd=');
  });

  it('are refused for a user that is not there', async () => {
    const body = { userId: '01890a5d-ac96-774b-bcce-b302099a8057' };
    expect(problemIn(await service.send('POST', '/sessions', { body }))).toBe('404 NOT_FOUND');
  });

  it('end with DELETE, once', async () => {
    const { headers } = await service.send('POST', '/sessions', { body: { userId } });
    const path = String(headers.location);
    await service.send('GET', path);
    expect(problemIn(await service.send('DELETE', path, { headers: { 'if-match': '"1"' } }))).toBe(
      '412 PRECONDITION_FAILED',
    );
    const ended = await service.send('DELETE', path);
    expect(ended).toMatchObject({
      status: 204,
      text: '',
      headers: { etag: expect.stringMatching(/^"\d+"$/) },
    });
    expect(problemIn(await service.send('DELETE', path))).toBe('404 NOT_FOUND');
    expect(problemIn(await service.send('GET', path))).toBe('404 NOT_FOUND');
  });

  it('are not answered after they expired, from no cache, although one holds them', async () => {
    const short = await system.startReplica('user', { SESSION_LIFETIME_MS: '5000' });
    const created = await short.send('POST', '/sessions', { body: { userId } });
    const path = String(created.headers.location);
    const expiresAt = Date.parse(String(created.json?.['expiresAt']));
    const cached = await untilHit(short, path);
    expect(cached.headers['cache-status']).toMatch(/^user-service; hit; ttl=[0-4]; detail=l1$/);

    await eventually(() => Date.now() > expiresAt, { what: 'the session has expired' });
    for (const replica of [short, service]) {
      const answer = await replica.send('GET', path, { headers: { 'if-none-match': '*' } });
      expect(problemIn(answer)).toBe('404 NOT_FOUND');
      expect(answer.headers['cache-status']).toMatch(/^user-service; hit/);
    }
    expect(problemIn(await short.send('DELETE', path))).toBe('404 NOT_FOUND');
  });
});
