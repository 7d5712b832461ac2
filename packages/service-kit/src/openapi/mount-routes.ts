import express, { type Express, type Request, type RequestHandler, type Response } from 'express';
import { Problem } from '../http/problem.ts';
import type { Reply } from './reply.ts';
import type { Method, Route } from './route.ts';

const bodyLimit = '100kb';
const parseJson = express.json({ limit: bodyLimit, strict: false, type: 'application/json' });

/** Mounts the routes; other methods on their paths are answered with 405 and `Allow`. */
export function mountRoutes(app: Express, routes: readonly Route[]): void {
  for (const [path, methods] of byPath(routes)) {
    const mounted = app.route(path.replaceAll(/\{(\w+)\}/g, ':$1'));
    for (const route of methods) {
      if (route.body === undefined) mounted[route.method](handler(route));
      else mounted[route.method](requireJson, parseJson, handler(route));
    }
    mounted.all(otherMethod(methods.map((route) => route.method)));
  }
}

/** Literal paths come before those with parameters: `/inventory/summary` is no product. */
function byPath(routes: readonly Route[]): [string, Route[]][] {
  const groups = Map.groupBy(routes, (route) => route.path);
  return [...groups].toSorted(([left], [right]) => Number(left.includes('{')) - Number(right.includes('{')));
}

function handler(route: Route): RequestHandler {
  return async (request, response) => {
    const signal = () => callerGone(response);
    send(response, await route.handle(request, signal));
  };
}

/** An AbortSignal costs: it is made only for handlers that ask for it. */
function callerGone(response: Response): AbortSignal {
  const controller = new AbortController();
  response.once('close', () => {
    if (!response.writableFinished) controller.abort(new Error('the caller went away'));
  });
  if (response.destroyed) controller.abort(new Error('the caller went away'));
  return controller.signal;
}

function send(response: Response, { status, body, headers, stream }: Reply): void {
  if (stream !== undefined && response.req.method !== 'HEAD') {
    response.writeHead(status, headers);
    response.flushHeaders();
    stream(response);
    return;
  }
  if (body === undefined) {
    response.writeHead(status, headers).end();
    return;
  }
  if (body instanceof Uint8Array) {
    response.writeHead(status, { ...headers, 'Content-Length': body.byteLength }).end(body);
    return;
  }
  const text = JSON.stringify(body);
  const described = {
    ...headers,
    'Content-Type': 'application/json; charset=utf-8',
    'Content-Length': Buffer.byteLength(text),
  };
  response.writeHead(status, described).end(text);
}

const requireJson: RequestHandler = (request, _response, next) => {
  if (request.is('application/json') === false || (hasBody(request) && !request.headers['content-type'])) {
    next(
      new Problem({
        status: 415,
        code: 'UNSUPPORTED_MEDIA_TYPE',
        detail: 'Send the body as JSON, with Content-Type: application/json.',
      }),
    );
    return;
  }
  next();
};

function hasBody(request: Request): boolean {
  return (
    request.headers['transfer-encoding'] !== undefined || Number(request.headers['content-length'] ?? 0) > 0
  );
}

function otherMethod(methods: readonly Method[]): RequestHandler {
  const allowed = [...methods, ...(methods.includes('get') ? ['head'] : []), 'options'].map((name) =>
    name.toUpperCase(),
  );
  const allow = allowed.toSorted().join(', ');
  return (request, response, next) => {
    if (request.method === 'OPTIONS') {
      response.status(204).set('Allow', allow).end();
      return;
    }
    next(
      new Problem({
        status: 405,
        code: 'METHOD_NOT_ALLOWED',
        detail: `This path does not know ${request.method}. Use one of: ${allow}.`,
        headers: { Allow: allow },
      }),
    );
  };
}
