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
import { missingProfile, NewProfile, Profile, ProfileChange, ProfileId } from './schema.ts';
import type { ProfileService } from './service.ts';

const tags = ['users'];
const params = z.object({ id: ProfileId });

export function profileRoutes(profiles: ProfileService): Route[] {
  return [
    route({
      method: 'post',
      path: '/users',
      summary: 'Create a user',
      tags,
      body: NewProfile,
      responses: {
        201: { description: 'Created', body: Profile, headers: createdResponseHeaders },
        409: 'EMAIL_TAKEN: another user has this email',
      },
      async handler({ body }) {
        const profile = await profiles.create(body);
        return reply(201, profile, {
          Location: `/users/${profile.id}`,
          ETag: entityTag(profile.version),
        });
      },
    }),
    route({
      method: 'get',
      path: '/users/{id}',
      summary: 'Read a user',
      tags,
      params,
      headers: z.object(readHeaders),
      responses: {
        200: { description: 'The user', body: Profile, headers: cachedResponseHeaders },
        304: { description: 'Still the version that If-None-Match names', headers: cachedResponseHeaders },
        404: 'There is no such user',
      },
      async handler({ params: { id }, headers }) {
        return cachedReply(await profiles.read(id, headers['freshet-min-version']), {
          cacheName: 'user-service',
          ifNoneMatch: headers['if-none-match'],
          missing: missingProfile,
        });
      },
    }),
    route({
      method: 'patch',
      path: '/users/{id}',
      summary: 'Change some fields of a user',
      tags,
      params,
      headers: z.object(writeHeaders),
      body: ProfileChange,
      responses: {
        200: { description: 'Changed', body: Profile, headers: writtenResponseHeaders },
        404: 'There is no such user',
        409: 'EMAIL_TAKEN: another user has this email',
        412: 'It is not the version that If-Match asks for',
      },
      async handler({ params: { id }, headers, body }) {
        const profile = await profiles.change(id, body, headers);
        return reply(200, profile, { ETag: entityTag(profile.version) });
      },
    }),
    route({
      method: 'delete',
      path: '/users/{id}',
      summary: 'Delete a user and their sessions',
      tags,
      params,
      headers: z.object(writeHeaders),
      responses: {
        204: { description: 'Deleted', headers: writtenResponseHeaders },
        404: 'There is no such user',
        412: 'It is not the version that If-Match asks for',
      },
      async handler({ params: { id }, headers }) {
        const { version } = await profiles.remove(id, headers);
        return emptyReply({ ETag: entityTag(version) });
      },
    }),
  ];
}
