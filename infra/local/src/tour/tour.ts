import type { SystemDescription } from '../start/system-file.ts';
import { ms, type Page } from './page.ts';
import { showLayers } from './show-layers.ts';
import { showSqlUpdate } from './show-sql-update.ts';
import { showStrongStock } from './show-strong-stock.ts';
import { showUpdate } from './show-update.ts';
import { type Pair, request } from './replica.ts';
import { untilSettled } from './until-settled.ts';

/** What the tour left behind, for the lines to copy. */
export interface TourGuests {
  readonly userId: string;
}

/**
 * Shows on the running system what Freshet is about. A step that does not go as promised is marked, and the tour goes on.
 *
 * @returns undefined when there was nothing to show it with.
 */
export async function runTour(
  system: SystemDescription,
  page: Page,
  signal: AbortSignal,
): Promise<TourGuests | undefined> {
  const users = replicasOf(system, 'user-service');
  const inventory = replicasOf(system, 'inventory-service');
  if (users === undefined || inventory === undefined) {
    page.text('The tour needs two replicas of each service: start without --replicas 1.');
    return undefined;
  }

  page.title('A tour on the running system; every time was measured just now');
  page.step('A user is created through the gateway');
  const created = await request('POST', `${system.gateway}/users`, {
    name: 'Ada Byron',
    email: `ada-${Date.now().toString(36)}@example.org`,
  });
  page.seen('POST /users', `${created.status}, version ${created.version}, ${ms(created.tookMs)}`);
  const userId = created.body['id'];
  page.promise(created.status === 201 && typeof userId === 'string', 'created', JSON.stringify(created.body));
  if (typeof userId !== 'string') return undefined;
  const settled = await untilSettled(system.console, 'user', `user:profile:${userId}`);
  page.promise(settled, 'every replica has heard that it is new', 'the relay says that some have not');

  const shows = [
    () => showLayers(page, users, `/users/${userId}`),
    () => showUpdate(page, users, `/users/${userId}`),
    () => showSqlUpdate(page, users, userId, system),
    () => showStrongStock(page, inventory),
  ];
  for (const show of shows) {
    if (signal.aborted) return undefined;
    try {
      await show();
    } catch (error) {
      page.promise(
        false,
        'this step runs to its end',
        error instanceof Error ? error.message : String(error),
      );
    }
  }
  if (page.broken > 0)
    page.promise(false, 'a tour without surprises', `${page.broken} of its promises broken, see above`);
  return { userId };
}

function replicasOf(system: SystemDescription, service: string): Pair | undefined {
  const [first, second] = system.processes.filter((process) => process.service === service);
  return first && second ? { first: first.url, second: second.url } : undefined;
}
