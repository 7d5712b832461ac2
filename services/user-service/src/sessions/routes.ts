import {
  cachedReply,
  cachedResponseHeaders,
  createdResponseHeaders,
  emptyReply,
  entityTag,
  type Route,
  readHeaders,
  reply,
  route,
  writeHeaders,
  writtenResponseHeaders,
} from '@freshet/service-kit';
import { z } from 'zod';
import { missingSession, NewSession, Session, SessionId } from './schema.ts';
import type { SessionService } from './service.ts';

const tags = ['sessions'];
const params = z.object({ id: SessionId });

export function sessionRoutes(sessions: SessionService): Route[] {
  return [
    route({
      method: 'post',
      path: '/sessions',
      summary: 'Create a session for a user',
      tags,
      body: NewSession,
      responses: {
        201: { description: 'Created', body: Session, headers: createdResponseHeaders },
        404: 'There is no such user',
      },
      async handler({ body }) {
        const { value: session, version } = await sessions.create(body.userId);
        return reply(201, session, { Location: `/sessions/${session.id}`, ETag: entityTag(version) });
      },
    }),
    route({
      method: 'get',
      path: '/sessions/{id}',
      summary: 'Read a session',
      description: 'Never answered after `expiresAt`.',
      tags,
      params,
      headers: z.object(readHeaders),
      responses: {
        200: { description: 'The session', body: Session, headers: cachedResponseHeaders },
        304: { description: 'Still the version that If-None-Match names', headers: cachedResponseHeaders },
        404: 'There is no such session, or it has expired',
      },
      async handler({ params: { id }, headers }) {
        return cachedReply(await sessions.read(id, headers['freshet-min-version']), {
          cacheName: 'user-service',
          ifNoneMatch: headers['if-none-match'],
          missing: missingSession,
        });
      },
    }),
    route({
      method: 'delete',
      path: '/sessions/{id}',
      summary: 'End a session',
      tags,
      params,
      headers: z.object(writeHeaders),
      responses: {
        204: { description: 'Deleted', headers: writtenResponseHeaders },
        404: 'There is no such session, or it has expired',
        412: 'It is not the version that If-Match asks for',
      },
      async handler({ params: { id }, headers }) {
        const { version } = await sessions.remove(id, headers);
        return emptyReply({ ETag: entityTag(version) });
      },
    }),
  ];
}
