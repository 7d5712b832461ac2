import { execFile } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { eventually, startSentinelGroup } from '@freshet/test-kit';
import { runSql, startSystem, type System } from '@freshet/test-kit/system';
import type { Browser, BrowserContextOptions, Locator, Page } from 'playwright-core';
import { beforeAll, expect, test } from 'vitest';
import { openConsole, part, startBrowser } from '../test/browser.ts';
import { trafficOf } from './traffic.ts';

const folder = join(import.meta.dirname, '../../../../docs/images');
const ENOUGH_SAMPLES = 120;
const narrow = { viewport: { width: 390, height: 844 }, isMobile: true };

let browser: Browser;

beforeAll(async () => {
  await mkdir(folder, { recursive: true });
  browser = await startBrowser();
});

/** As small as it can be where pngquant is installed. */
async function take(page: Page | Locator, name: string): Promise<void> {
  const path = join(folder, `console-${name}.png`);
  await page.screenshot({ path, animations: 'disabled' });
  await promisify(execFile)('pngquant', ['--force', '--strip', '--output', path, '96', path]).catch(
    () => undefined,
  );
}

async function open(system: System, options: BrowserContextOptions = {}): Promise<Page> {
  const { page } = await openConsole(browser, system.relays[0]?.url ?? '', options);
  return page;
}

/** Enough samples for figures that say something. */
async function untilSampled(page: Page): Promise<void> {
  await eventually(
    async () => {
      const texts = (await part(page, 'Services').locator('tbody').innerText()).matchAll(
        /([\d.]+k?) samples/g,
      );
      const counts = [...texts].map(([, count = '']) => (count.endsWith('k') ? 1_000 : Number(count)));
      expect(counts).toHaveLength(12);
      expect(Math.min(...counts)).toBeGreaterThanOrEqual(ENOUGH_SAMPLES);
    },
    { what: 'each layer has samples', deadlineMs: 120_000 },
  );
}

test('a day on which all is well', async () => {
  const system = await startSystem({ relays: 2 });
  await trafficOf(system);
  const page = await open(system);
  await untilSampled(page);
  await page.getByRole('heading', { name: 'Nobody sees old data.' }).waitFor();
  await take(page, 'light');

  const dark = await open(system, { colorScheme: 'dark' });
  await part(dark, 'Invalidations').locator('[data-row]').nth(1).click();
  await dark.locator('.timeline li').nth(6).waitFor();
  await take(dark, 'dark');

  const telephone = await open(system, narrow);
  await telephone.getByRole('heading', { name: 'Nobody sees old data.' }).waitFor();
  await take(telephone, '390');

  const key = await part(page, 'Invalidations').locator('.key', { hasText: 'stock' }).first().innerText();
  await page.getByRole('searchbox').fill(key);
  await page.keyboard.press('Enter');
  await page.getByRole('dialog').getByRole('row').nth(4).waitFor();
  await take(page, 'key');
  await page.keyboard.press('Escape');

  const { user } = system.databases;
  if (user === undefined) throw new Error('there is no domain user');
  await runSql(user, `select freshet.invalidate('user', 'profile', array[''])`);
  await part(page, 'Dead letters')
    .getByRole('button', { name: /^Replay/ })
    .first()
    .click();
  await page.getByLabel('Why').fill('The job that wrote an empty id is corrected');
  await page.getByLabel('Your name').fill('Ada');
  await take(page, 'replay');
});

test('a relay dies while somebody looks at its console', async () => {
  const system = await startSystem({ relays: 2 });
  await trafficOf(system);
  const page = await open(system);
  await untilSampled(page);
  await system.relays[0]?.kill('SIGKILL');
  await page.getByRole('heading', { name: /^Not known since/ }).waitFor();
  await take(page, 'dead-relay');
});

test('Redis fails over', async () => {
  const group = await startSentinelGroup();
  const system = await startSystem({ relays: 2, env: { REDIS_CACHE_URL: group.url } });
  await trafficOf(system);
  const page = await open(system);
  await untilSampled(page);
  const primary = await group.primary();
  await primary.kill();
  await page
    .getByRole('heading', { name: 'Nobody sees old data, but not all is well.' })
    .waitFor({ timeout: 60_000 });
  await take(page, 'failover');
  await group.successorOf(primary);
  await part(page, 'History').getByText('another Redis primary').nth(1).waitFor({ timeout: 60_000 });
  await page.getByRole('heading', { name: 'Nobody sees old data.' }).waitFor({ timeout: 60_000 });
  await take(part(page, 'History'), 'history');
});
