import { Problem, type Route } from '@freshet/service-kit';
import type { Express } from 'express';
import { type AskedRequest, isLoopback, namesLoopback } from './request-origin.ts';

/**
 * On a relay that listens on loopback only, nothing is answered under another machine's name: else a page of any site, in a
 * browser on this machine, could make its name mean 127.0.0.1 and read what is here. A relay that listens to others has
 * names that it does not know, and is read by whoever reaches it.
 */
export class HostGuard {
  readonly #guards: boolean;

  /** `host`: where this relay listens. */
  constructor(host: string) {
    this.#guards = isLoopback(host);
  }

  /** The same routes, guarded. */
  guarded(routes: readonly Route[]): Route[] {
    if (!this.#guards) return [...routes];
    return routes.map((route) => ({
      ...route,
      responses: { ...route.responses, 421: 'Sent to a name that is not this machine’s' },
      handle: (request, signal) => {
        refuseForeignHost(request);
        return route.handle(request, signal);
      },
    }));
  }

  /** Guards what is mounted on `app` from here on. */
  mount(app: Express): void {
    if (!this.#guards) return;
    app.use((request, _response, next) => {
      refuseForeignHost(request);
      next();
    });
  }
}

/** @throws Problem 421 `FOREIGN_HOST` */
function refuseForeignHost(request: AskedRequest): void {
  if (namesLoopback(request)) return;
  throw new Problem({
    status: 421,
    code: 'FOREIGN_HOST',
    detail:
      'This relay listens on loopback only, and answers to localhost, 127.0.0.1 or [::1]. A proxy on its machine has to send one of them as Host.',
  });
}
