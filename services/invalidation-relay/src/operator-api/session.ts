import { type Route, reply, route } from '@freshet/service-kit';
import type { OperatorGate } from './permission/operator-gate.ts';
import { sessionSchema } from './schemas/session.ts';

export function sessionRoutes(gate: OperatorGate): Route[] {
  return [
    route({
      method: 'get',
      path: '/v1/session',
      summary: 'What this caller may do',
      description: 'Send it as an action would be sent, with the token or without.',
      responses: { 200: { description: 'What, and why not more', body: sessionSchema } },
      handler: ({ request }) => reply(200, gate.session(request), { 'Cache-Control': 'no-store' }),
    }),
  ];
}
