import express, { type Express } from 'express';
import type { Logger } from 'pino';
import { mountDocumentation } from '../openapi/documentation.ts';
import { mountRoutes } from '../openapi/mount-routes.ts';
import type { Route } from '../openapi/route.ts';
import { Problem } from './problem.ts';
import { problemHandler } from './problem-handler.ts';
import { requestLog } from './request-log.ts';

export interface AppOptions {
  /** The service's name, also the title of its API. */
  readonly name: string;
  readonly version?: string;
  readonly description?: string;
  readonly routes: readonly Route[];
  readonly log: Logger;
  /** Mounts what is no route (health, a console): after the routes, before the last 404. */
  readonly extend?: (app: Express) => void;
}

/**
 * An express application that answers `routes`, `/openapi.json` and `/docs`, and everything else as
 * problem+json (RFC 9457).
 */
export function createApp(options: AppOptions): Express {
  const { name, version = '1.0.0', description, routes, log } = options;
  const app = express();
  app.disable('x-powered-by');
  // Routes set version ETags; hashing bodies would only cost.
  app.disable('etag');
  app.set('case sensitive routing', true);
  app.set('strict routing', true);
  app.use(requestLog(log));
  // First, since every layer before them is tried on every request.
  mountRoutes(app, routes);
  options.extend?.(app);
  mountDocumentation(app, { name, version, routes, ...(description === undefined ? {} : { description }) });
  app.use((_request, _response, next) => {
    next(
      new Problem({
        status: 404,
        code: 'ROUTE_NOT_FOUND',
        detail: `There is nothing at this path. The paths of ${name} are described at /docs.`,
      }),
    );
  });
  app.use(problemHandler(log));
  return app;
}
