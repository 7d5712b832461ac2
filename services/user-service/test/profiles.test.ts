import { eventually, type TestDatabase } from '@freshet/test-kit';
import {
  type Answer,
  problemIn,
  type FreshetProcess,
  holdTransaction,
  startSystem,
  untilHit,
} from '@freshet/test-kit/system';
import { beforeAll, describe, expect, it } from 'vitest';

let database: TestDatabase;
let service: FreshetProcess;
beforeAll(async () => {
  const system = await startSystem({ domains: ['user'], replicas: 1 });
  database = system.databases.user as TestDatabase;
  [service] = system.replicas.user as [FreshetProcess];
});

let addresses = 0;
const newUser = () => ({ name: 'Ada', email: `ada-${++addresses}@example.com`, avatarUrl: null });

async function createUser(fields: Record<string, unknown> = {}): Promise<Answer & { path: string }> {
  const answer = await service.send('POST', '/users', { body: { ...newUser(), ...fields } });
  expect(answer).toMatchObject({ status: 201 });
  return { ...answer, path: String(answer.headers.location) };
}

describe('POST /users', () => {
  it('creates a user, and says where and in which version', async () => {
    const body = { name: 'Ada Lovelace', email: 'Ada@Example.com', avatarUrl: 'https://example.com/ada.png' };
    const answer = await service.send('POST', '/users', { body });
    expect(answer.status).toBe(201);
    expect(answer.json).toEqual({
      ...body,
      id: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/),
      version: expect.stringMatching(/^[1-9]\d*$/),
      updatedAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
    });
    expect(answer.headers.location).toBe(`/users/${String(answer.json?.['id'])}`);
    expect(answer.headers.etag).toBe(`"${String(answer.json?.['version'])}"`);
  });

  it('takes the limits of each field, and an avatar may be left out', async () => {
    const email = `${'x'.repeat(242)}@example.com`;
    const avatarUrl = `http://example.com/${'x'.repeat(2_029)}`;
    const { json } = await createUser({ name: '\u{1f600}x'.repeat(66), email, avatarUrl });
    expect(json).toMatchObject({ email, avatarUrl });
    expect((await createUser({ avatarUrl: undefined })).json?.['avatarUrl']).toBeNull();
  });

  it('refuses an email that another user has, without regard to case', async () => {
    const email = 'grace@example.com';
    await createUser({ email });
    const second = await service.send('POST', '/users', {
      body: { ...newUser(), email: 'GRACE@example.com' },
    });
    expect(problemIn(second)).toBe('409 EMAIL_TAKEN');
  });
});

describe('GET /users/{id}', () => {
  it('says in Cache-Status which layer answered', async () => {
    const { path, headers, json } = await createUser();
    const first = await service.send('GET', path);
    expect(first).toMatchObject({ status: 200, json, headers: { etag: headers.etag } });
    expect(first.headers['cache-status']).toMatch(/^user-service; fwd=miss/);
    const second = await untilHit(service, path);
    expect(second).toMatchObject({ status: 200, json, headers: { etag: headers.etag } });
    expect(second.headers['cache-status']).toMatch(/^user-service; hit; ttl=\d+; detail=l1$/);
  });

  it('answers 304, with the same headers, when the caller has this version', async () => {
    const { path, headers } = await createUser();
    const etag = String(headers.etag);
    for (const tag of [etag, `W/${etag}`, `"1", ${etag}`, '*']) {
      const answer = await service.send('GET', path, { headers: { 'if-none-match': tag } });
      expect(answer).toMatchObject({ status: 304, text: '', headers: { etag } });
      expect(answer.headers['cache-status']).toMatch(/^user-service; /);
    }
    const other = await service.send('GET', path, { headers: { 'if-none-match': '"1"' } });
    expect(other.status).toBe(200);
  });

  it('passes older cached answers by when a later version is asked for', async () => {
    const { path, json } = await createUser();
    await untilHit(service, path);
    const version = BigInt(String(json?.['version']));
    const same = await service.send('GET', path, { headers: { 'freshet-min-version': String(version) } });
    expect(same.headers['cache-status']).toContain('; hit;');
    const later = await service.send('GET', path, {
      headers: { 'freshet-min-version': String(version + 1n) },
    });
    expect(later.status).toBe(200);
    expect(later.headers['cache-status']).toContain('; fwd=request');
  });

  it('takes an id in capitals for the id that it is', async () => {
    const { path, json } = await createUser();
    const capitals = path.replace(String(json?.['id']), String(json?.['id']).toUpperCase());
    expect((await untilHit(service, capitals)).json).toEqual(json);
    const changed = await service.send('PATCH', path, { body: { name: 'Augusta' } });
    expect((await service.send('GET', capitals)).json).toEqual(changed.json);
  });

  it('answers 404, cached too, for a user that is not there', async () => {
    const path = '/users/01890a5d-ac96-774b-bcce-b302099a8057';
    const first = await service.send('GET', path, { headers: { 'if-none-match': '*' } });
    expect(problemIn(first)).toBe('404 NOT_FOUND');
    expect(first.headers['cache-status']).toBe('user-service; fwd=miss; stored');
    const second = await untilHit(service, path);
    expect(problemIn(second)).toBe('404 NOT_FOUND');
    expect(second.headers['cache-status']).toMatch(/^user-service; hit; ttl=\d+; detail=l1$/);
  });
});

describe('PATCH /users/{id}', () => {
  it('changes what it names, and the next read answers the new version', async () => {
    const { path, json, headers } = await createUser();
    await untilHit(service, path);
    const answer = await service.send('PATCH', path, { body: { name: 'Augusta' } });
    expect(answer.status).toBe(200);
    expect(answer.json).toMatchObject({
      ...json,
      name: 'Augusta',
      version: expect.any(String),
      updatedAt: expect.any(String),
    });
    expect(answer.headers.etag).not.toBe(headers.etag);
    const read = await service.send('GET', path);
    expect(read).toMatchObject({ json: answer.json, headers: { etag: answer.headers.etag } });
  });

  it('is guarded by If-Match, which asks the row and no cache', async () => {
    const { path, headers } = await createUser();
    const change = (ifMatch: string) =>
      service.send('PATCH', path, { headers: { 'if-match': ifMatch }, body: { name: 'Augusta' } });
    const changed = await change(String(headers.etag));
    expect(changed.status).toBe(200);
    const outdated = await change(String(headers.etag));
    expect(problemIn(outdated)).toBe('412 PRECONDITION_FAILED');
    expect(outdated.headers.etag).toBe(changed.headers.etag);
    expect(problemIn(await change(`W/${String(changed.headers.etag)}`))).toBe('412 PRECONDITION_FAILED');
    expect((await change('*')).status).toBe(200);
  });

  it('lets one of several changes through that were made from the same version', async () => {
    const { path, json, headers } = await createUser();
    const held = await holdTransaction(database, 'select from users where id = $1 for update', [
      json?.['id'],
    ]);
    const changes = [1, 2, 3, 4].map((n) =>
      service.send('PATCH', path, {
        headers: { 'if-match': String(headers.etag) },
        body: { name: `Ada ${n}` },
      }),
    );
    await held.untilAwaited(changes.length);
    await held.commit();
    const statuses = (await Promise.all(changes)).map(({ status }) => status);
    expect(statuses.filter((status) => status === 200)).toHaveLength(1);
    expect(statuses.filter((status) => status === 412)).toHaveLength(3);
  });

  it('refuses the email of another user, and changes nothing', async () => {
    const [first, second] = [await createUser(), await createUser()];
    const body = { name: 'Augusta', email: String(first.json?.['email']).toUpperCase() };
    expect(problemIn(await service.send('PATCH', second.path, { body }))).toBe('409 EMAIL_TAKEN');
    expect((await service.send('GET', second.path)).json).toEqual(second.json);
  });

  it('lets a user change the case of their own email', async () => {
    const { path, json } = await createUser();
    const email = String(json?.['email']).toUpperCase();
    expect((await service.send('PATCH', path, { body: { email } })).json?.['email']).toBe(email);
  });

  it('answers 404 for a user that is not there, whatever If-Match says', async () => {
    const path = '/users/01890a5d-ac96-774b-bcce-b302099a8058';
    const options = { headers: { 'if-match': '"1"' }, body: { name: 'Ada' } };
    expect(problemIn(await service.send('PATCH', path, options))).toBe('404 NOT_FOUND');
  });
});

describe('DELETE /users/{id}', () => {
  it('answers 204 and its version, then 404', async () => {
    const { path, json } = await createUser();
    await untilHit(service, path);
    const answer = await service.send('DELETE', path);
    expect(answer).toMatchObject({ status: 204, text: '' });
    const version = /^"(\d+)"$/.exec(String(answer.headers.etag))?.[1];
    expect(BigInt(String(version))).toBeGreaterThan(BigInt(String(json?.['version'])));
    expect(problemIn(await service.send('DELETE', path))).toBe('404 NOT_FOUND');
    const headers = { 'freshet-min-version': String(version) };
    expect(problemIn(await service.send('GET', path, { headers }))).toBe('404 NOT_FOUND');
    expect(problemIn(await service.send('GET', path))).toBe('404 NOT_FOUND');
  });

  it('is guarded by If-Match', async () => {
    const { path, headers } = await createUser();
    const outdated = await service.send('DELETE', path, { headers: { 'if-match': '"1"' } });
    expect(problemIn(outdated)).toBe('412 PRECONDITION_FAILED');
    const guarded = await service.send('DELETE', path, { headers: { 'if-match': String(headers.etag) } });
    expect(guarded.status).toBe(204);
  });

  it('takes the sessions of the user along, out of the caches too', async () => {
    const { path, json } = await createUser();
    const session = await service.send('POST', '/sessions', { body: { userId: json?.['id'] } });
    const sessionPath = String(session.headers.location);
    expect((await untilHit(service, sessionPath)).status).toBe(200);
    expect((await service.send('DELETE', path)).status).toBe(204);
    await eventually(async () => (await service.send('GET', sessionPath)).status === 404, {
      what: 'the session of a deleted user is gone from memory',
    });
  });
});
