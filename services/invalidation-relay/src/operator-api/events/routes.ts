import { type Route, route, streamReply } from '@freshet/service-kit';
import * as z from 'zod';
import { eventSchemas } from '../schemas/events.ts';
import type { EventHub } from './event-hub.ts';

export function eventRoutes(hub: EventHub): Route[] {
  return [
    route({
      method: 'get',
      path: '/v1/events',
      summary: 'What changes, as it changes: server-sent events',
      description: `Events: ${Object.keys(eventSchemas).join(', ')}; each one's data is what the list of its kind holds. After a reconnect with \`Last-Event-ID\`, what was missed comes first; \`reload\` says that it is not known any more.`,
      headers: z.object({ 'last-event-id': z.string().max(100).optional() }),
      responses: {
        200: {
          description: 'A stream without an end',
          contentType: 'text/event-stream',
          body: z.string(),
        },
      },
      handler: ({ headers }) => {
        hub.assertRoom();
        return streamReply('text/event-stream', (response) => hub.add(response, headers['last-event-id']));
      },
    }),
  ];
}
