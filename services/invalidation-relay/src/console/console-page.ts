import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import express, { type Express, type Request } from 'express';

/** What `infra/build/console.mjs` makes, from the sources as from `dist`. */
const folder = join(import.meta.dirname, '../../web/dist');

/** Nothing from elsewhere, nothing inline. */
const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const safe = { 'X-Content-Type-Options': 'nosniff', 'Referrer-Policy': 'no-referrer' };

/** For the page itself. A browser asks again each time: it names the assets of this build. */
export const pageHeaders = {
  ...safe,
  'Content-Type': 'text/html; charset=utf-8',
  'Content-Security-Policy': contentSecurityPolicy,
  'Cache-Control': 'no-cache',
  Vary: 'Accept',
};

/** A browser asks for a page, a program for JSON; who takes both gets JSON. */
export function wantsPage(request: Pick<Request, 'accepts'>): boolean {
  return request.accepts(['json', 'html']) === 'html';
}

/** The operator's console, or undefined when it has not been built. */
export function readPage(): Promise<Buffer | undefined> {
  return readFile(join(folder, 'index.html')).catch(() => undefined);
}

/** `/console/*`: what the page needs. Names change with the content, so a browser may keep them. */
export function mountConsoleAssets(app: Express): void {
  app.use(
    '/console',
    express.static(join(folder, 'console'), {
      index: false,
      redirect: false,
      immutable: true,
      maxAge: '365d',
      setHeaders: (response) => response.set(safe),
    }),
  );
}
