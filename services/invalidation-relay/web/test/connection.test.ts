import { freePort } from '@freshet/local';
import { startFaultProxy } from '@freshet/test-kit';
import { startSystem, type System } from '@freshet/test-kit/system';
import type { Browser } from 'playwright-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { openConsole, part, startBrowser, untilLive } from './browser.ts';
import { cachedUser, rename } from './shop.ts';

const token = 'a-token-for-operators';

let system: System;
let browser: Browser;

beforeAll(async () => {
  [system, browser] = await Promise.all([startSystem({ domains: ['user'] }), startBrowser()]);
});

describe('when the connection is lost', () => {
  test('the page says so, claims nothing, and catches up when it is back', async () => {
    const proxy = await startFaultProxy({ url: system.relays[0]?.url ?? '' });
    const user = await cachedUser(system, 'Lost');
    const { page } = await openConsole(browser, proxy.url);
    await proxy.refuse();
    proxy.cut();
    expect(proxy.stats().cut).toBeGreaterThan(0);
    const connection = page.locator('.connection');
    await connection.getByText('Reconnecting …').waitFor();
    await connection.getByText(/data of \d\d:\d\d:\d\d, \d+ s old/).waitFor();
    await page.getByRole('heading', { name: /^Not known since .*: this relay does not answer/ }).waitFor();

    await rename(system, user, 'Missed');
    await proxy.accept();
    await untilLive(page);
    await page.getByRole('heading', { name: /^Nobody/ }).waitFor();
    const missed = part(page, 'Invalidations').getByRole('button', {
      name: new RegExp(`${user.key}.*update`),
    });
    await missed.waitFor();
  });

  test('it notices a connection that stands and says nothing', async () => {
    const proxy = await startFaultProxy({ url: system.relays[0]?.url ?? '' });
    const { page } = await openConsole(browser, proxy.url);
    proxy.drop('toClient');
    await page.locator('.connection[data-state=reconnecting]').waitFor();
    expect(proxy.stats().droppedBytes).toBeGreaterThan(0);
    proxy.resume();
    await untilLive(page);
  });

  test('it finds a relay that was restarted', async () => {
    const env = { PORT: String(await freePort()) };
    const relay = await system.startRelay(env);
    const { page } = await openConsole(browser, relay.url);
    await relay.stop();
    await page.locator('.connection[data-state=reconnecting]').waitFor();
    await system.startRelay(env);
    await untilLive(page);
    expect(await page.getByRole('heading', { level: 1 }).innerText()).toContain('invalidation-relay');
  });
});

describe('where a token is configured', () => {
  test('it is asked for once, a wrong one is refused, and it is kept for this tab only', async () => {
    const relay = await system.startRelay({ FRESHET_OPERATOR_TOKEN: token });
    const user = await cachedUser(system, 'Guarded');
    const { page } = await openConsole(browser, `${relay.url}/#key=${encodeURIComponent(user.key)}`);
    const inspector = page.getByRole('dialog', { name: 'Key' });
    const dialog = page.getByRole('dialog', { name: 'Invalidate a key' });
    const ask = () => inspector.getByRole('button', { name: 'Invalidate' }).click();
    const act = () => dialog.getByRole('button', { name: 'Invalidate' }).click();

    await ask();
    await dialog.getByLabel('Why').fill('to see it refused');
    await dialog.getByLabel('Operator token').fill('guessed');
    await act();
    await dialog.getByRole('alert').getByText('FRESHET_OPERATOR_TOKEN').waitFor();
    expect(await inspector.getByRole('row', { name: 'user-service-1' }).innerText()).not.toContain('nothing');

    await dialog.getByLabel('Operator token').fill(token);
    await act();
    await dialog.waitFor({ state: 'detached' });
    await inspector.getByRole('row', { name: 'user-service-1' }).getByText('nothing').waitFor();

    await page.reload();
    await ask();
    await dialog.getByLabel('Why').fill('again');
    expect(await dialog.getByLabel('Operator token').count()).toBe(0);
    await act();
    await dialog.waitFor({ state: 'detached' });

    const kept = await page.evaluate(() => [
      JSON.stringify(sessionStorage),
      JSON.stringify(localStorage),
      document.cookie,
    ]);
    expect(kept.map((text) => text.includes('a-token-for-operators'))).toEqual([true, false, false]);
    const { page: other } = await openConsole(browser, `${relay.url}/#key=${encodeURIComponent(user.key)}`);
    await other.getByRole('dialog', { name: 'Key' }).getByRole('button', { name: 'Invalidate' }).click();
    await other.getByLabel('Operator token').waitFor();
  });
});
