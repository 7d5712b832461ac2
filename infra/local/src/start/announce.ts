import { relative } from 'node:path';
import { openPage } from '../tour/page.ts';
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
    ['operator console', system.console],
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
  const json = `-H 'content-type: application/json'`;
  return [
    ...(guests
      ? [
          `curl -i ${gateway}/users/${guests.userId}`,
          `curl -i -X PATCH ${gateway}/users/${guests.userId} \\\n  ${json} -d '{"name":"Ada"}'`,
        ]
      : []),
    `curl -i -X PUT ${gateway}/products/lamp ${json} \\\n  -d '{"name":"Lamp","description":"Shines","priceCents":4900}'`,
    `curl -i -X PUT ${gateway}/inventory/lamp \\\n  ${json} -d '{"quantity":10}'`,
    `curl -i -X POST ${gateway}/inventory/lamp/reservations \\\n  ${json} -d '{"quantity":1}'`,
    `curl -i ${gateway}/inventory/lamp`,
  ];
}
