import { disposeAtEnd } from '@freshet/test-kit';
import { pino } from 'pino';
import { beforeAll, expect, test } from 'vitest';
import { createApp } from '../http/app.ts';
import { listen } from '../http/server.ts';

let url: string;

beforeAll(async () => {
  const app = createApp({ name: 'thing-service', routes: [], log: pino({ enabled: false }) });
  const server = await listen(app, { host: '127.0.0.1', port: 0 });
  disposeAtEnd('server', () => server.close(1000));
  url = server.url;
});

test('/openapi.json is the document', async () => {
  const response = await fetch(`${url}/openapi.json`);
  expect(response.headers.get('content-type')).toContain('application/json');
  expect(await response.json()).toMatchObject({ openapi: '3.1.0', info: { title: 'thing-service' } });
});

test('/docs needs nothing from elsewhere, and everything that it needs is there', async () => {
  const response = await fetch(`${url}/docs`);
  const policy = response.headers.get('content-security-policy');
  expect(policy).toContain("default-src 'none'; script-src 'self'");
  expect(policy).not.toMatch(/unsafe-eval|script-src[^;]*unsafe-inline/);
  const page = await response.text();
  expect(page).not.toMatch(/https?:/);
  expect(page).not.toMatch(/<script>/);
  const assets = [...page.matchAll(/(?:src|href)="([^"]+)"/g)].map((match) => match[1] ?? '');
  expect(assets).toHaveLength(4);
  for (const asset of assets) {
    const { status } = await fetch(new URL(asset, response.url));
    expect({ asset, status }).toEqual({ asset, status: 200 });
  }
});
