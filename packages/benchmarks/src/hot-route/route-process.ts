import {
  type ConfigOf,
  cachedReply,
  choice,
  commonVariables,
  postgresUrl,
  readConfig,
  readHeaders,
  route,
  runService,
  type Service,
  type ServiceContext,
} from '@freshet/service-kit';
import * as z from 'zod';
import { itemIds, openItems, warm } from '../ground/items.ts';

// One process of the benchmark: the same route, answered from the cache or with a constant.

const variables = {
  ...commonVariables({ name: 'bench-route', port: 0 }),
  databaseUrl: postgresUrl('DATABASE_URL', 'the database of the items'),
  answer: choice('BENCH_ANSWER', ['cached', 'constant'], {
    default: 'cached',
    description: 'what the route answers with',
  }),
};

await runService({ name: 'bench-route', config: (environment) => readConfig(variables, environment), build });

async function build({ config, onClose }: ServiceContext<ConfigOf<typeof variables>>): Promise<Service> {
  const open = await openItems(
    { domain: 'bench', databaseUrl: config.databaseUrl, redisUrl: config.redisCacheUrl },
    { maxEntries: 10_000 },
  );
  onClose('items', () => open.close());
  await warm(open, 'l1');
  const options = { cacheName: 'bench-route', missing: 'There is no such item.' };
  // The same bytes, ready made.
  const constant = cachedReply(await open.items.read(itemIds[0] ?? ''), options);
  const constantly = config.answer === 'constant';
  return {
    routes: [
      route({
        method: 'get',
        path: '/items/{id}',
        summary: 'Read an item',
        params: z.object({ id: z.string().max(64) }),
        headers: z.object(readHeaders),
        responses: { 200: 'The item' },
        handler: constantly
          ? () => constant
          : async ({ params: { id }, headers }) =>
              cachedReply(await open.items.read(id), { ...options, ifNoneMatch: headers['if-none-match'] }),
      }),
    ],
    extend(app) {
      app.get('/cpu-usage', (_request, response) => void response.json(process.cpuUsage()));
    },
  };
}
