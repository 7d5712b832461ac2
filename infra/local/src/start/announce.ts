import { relative } from 'node:path';
import { openPage, shellLines } from '../tour/page.ts';
import { runTour, type TourGuests } from '../tour/tour.ts';
import type { StartOptions } from './options.ts';
import type { SystemDescription } from './system-file.ts';

/** The tour, if wanted, then where everything is and what to try. */
export async function announce(
  system: SystemDescription,
  options: StartOptions,
  signal: AbortSignal,
): Promise<void> {
  const page = openPage(process.stdout);
  const guests = options.tour ? await runTour(system, page, signal) : undefined;
  if (signal.aborted) return;
  page.title('Where everything is');
  for (const [what, where] of addresses(system, relative(process.cwd(), options.stateFolder)))
    page.seen(what, where);
  page.title('Try it');
  for (const line of suggestions(system, guests)) page.copy(line);
  page.title('Freshet is running. Ctrl-C stops all of it.');
}

function addresses(system: SystemDescription, stateFolder: string): [what: string, where: string][] {
  const first = (service: string) => system.processes.find((process) => process.service === service)?.url;
  return [
    ['gateway', system.gateway],
    ['operators’ console', system.console],
    ['users, as OpenAPI', `${first('user-service')}/docs`],
    ['inventory, as OpenAPI', `${first('inventory-service')}/docs`],
    ['metrics of a replica', `${first('user-service')}/metrics`],
    [
      'Redis, cache and queue',
      [system.redisCache, system.redisQueue].map((url) => new URL(url).host).join(', '),
    ],
    ['logs', `${stateFolder}/logs`],
    ['all of it, for programs', `${stateFolder}/system.json`],
  ];
}

/** Lines that work as they are, in this order. */
function suggestions({ gateway }: SystemDescription, guests: TourGuests | undefined): string[] {
  const curl = (method: string, path: string, body?: object) =>
    shellLines([
      'curl -i',
      ...(method === 'GET' ? [] : [`-X ${method}`]),
      `${gateway}${path}`,
      ...(body ? [`-H 'content-type: application/json'`, `-d '${JSON.stringify(body)}'`] : []),
    ]);
  return [
    ...(guests
      ? [curl('GET', `/users/${guests.userId}`), curl('PATCH', `/users/${guests.userId}`, { name: 'Ada' })]
      : []),
    curl('PUT', '/products/lamp', { name: 'Lamp', description: 'Shines', priceCents: 4900 }),
    curl('PUT', '/inventory/lamp', { quantity: 10 }),
    curl('POST', '/inventory/lamp/reservations', { quantity: 1 }),
    curl('GET', '/inventory/lamp'),
  ];
}
