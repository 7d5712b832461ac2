import { eventually } from '@freshet/test-kit';
import { startSystem, type System } from '@freshet/test-kit/system';
import type { Browser, Page } from 'playwright-core';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { expectAccessible } from './accessibility.ts';
import { type ConsolePage, expectNothingCutOff, openConsole, part, startBrowser } from './browser.ts';
import { watchMoves } from './moves.ts';
import { cachedUser, plantOldValue, rename, repairDeadLetter, writeDeadLetter } from './shop.ts';

let system: System;
let browser: Browser;
let url: string;
let opened: ConsolePage | undefined;

beforeAll(async () => {
  [system, browser] = await Promise.all([startSystem({ domains: ['user'] }), startBrowser()]);
  url = system.relays[0]?.url ?? '';
});

// Its policy lets through all that it needs, and no more is needed; and no script failed.
afterEach(() => {
  expect(opened?.complaints ?? []).toEqual([]);
  opened = undefined;
});

async function open(options: Parameters<typeof openConsole>[2] = {}): Promise<Page> {
  opened = await openConsole(browser, url, options);
  return opened.page;
}

const row = (page: Page, key: string) =>
  part(page, 'Invalidations').getByRole('button', { name: key }).first();

test('the relay serves the console to browsers, and JSON to programs, under a strict policy', async () => {
  const page = await fetch(url, { headers: { accept: 'text/html,*/*;q=0.8' } });
  expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8');
  expect(page.headers.get('content-security-policy')).toBe(
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  );
  const html = await page.text();
  const assets = [...html.matchAll(/(?:src|href)="\.\/(console\/[^"]+)"/g)].map(([, path]) => path);
  expect(assets).toHaveLength(3);
  for (const asset of assets) {
    const { status, headers } = await fetch(`${url}/${asset}`);
    expect(status).toBe(200);
    expect(headers.get('cache-control')).toContain('immutable');
    expect(headers.get('x-content-type-options')).toBe('nosniff');
  }
  expect((await fetch(`${url}/console/none.js`)).status).toBe(404);
  for (const path of ['..%2findex.html', '..%2fsources.sha256', '%2e%2e/%2e%2e/package.json']) {
    expect((await fetch(`${url}/console/${path}`)).status).not.toBe(200);
  }
  expect((await fetch(url)).headers.get('content-type')).toContain('application/json');
});

test('every part is there, with what the system says', async () => {
  await cachedUser(system, 'Views');
  const page = await open();
  const services = part(page, 'Services').getByRole('row', { name: /^user/ });
  await eventually(async () => expect(await services.innerText()).toMatch(/blessing 1.*empty.*\b2\b/s), {
    what: 'the service has its figures',
  });
  const replicas = part(page, 'Replicas');
  for (const name of ['user-service-1', 'user-service-2']) {
    expect(await replicas.getByRole('row', { name }).innerText()).toMatch(/\d\.\d s/);
  }
  await part(page, 'Audit').getByText('No cached value was older than promised').waitFor();
  await part(page, 'Dead letters').getByText('None').waitFor();
  await part(page, 'History').getByText('first blessing').waitFor();
  await page.getByRole('heading', { name: /Nobody/ }).waitFor();
});

test('an update appears live, and opens to its path through every replica', async () => {
  const user = await cachedUser(system, 'Live');
  const page = await open();
  await rename(system, user, 'Lively');
  await row(page, user.key).and(page.getByText('update')).or(row(page, user.key)).first().waitFor();
  const update = part(page, 'Invalidations').getByRole('button', { name: new RegExp(`${user.key}.*update`) });
  await update.click();
  const timeline = part(page, 'Invalidations').locator('.timeline');
  await eventually(
    async () => {
      const steps = await timeline.locator('.step').allInnerTexts();
      expect(steps.toSorted()).toEqual(
        [
          'committed in Postgres',
          'drained by a relay',
          'dropped from Redis (L2)',
          'appended to the log',
          'marked in the outbox',
          'applied by user-service-1',
          'applied by user-service-2',
        ].toSorted(),
      );
    },
    { what: 'every step and replica has its time' },
  );
  expect(await update.innerText()).toMatch(/\d+ m?s$/);
});

test('what is being read stays where it is while others come', async () => {
  const user = await cachedUser(system, 'Still');
  const page = await open();
  const read = part(page, 'Invalidations').getByRole('button', { name: user.key }).first();
  await read.click();
  const before = await read.boundingBox();
  await rename(system, user, 'Moving');
  const show = part(page, 'Invalidations').getByRole('button', { name: 'Show 1 new' });
  await show.waitFor();
  expect(await read.boundingBox()).toEqual(before);
  await show.click();
  await part(page, 'Invalidations')
    .getByRole('button', { name: new RegExp(`${user.key}.*update`) })
    .waitFor();
});

test('live figures move nothing else on the page', async () => {
  const user = await cachedUser(system, 'Calm');
  const page = await open();
  await eventually(() => page.getByRole('row', { name: 'user-service-1' }).isVisible(), {
    what: 'it has loaded',
  });
  await page.getByRole('heading', { name: 'Nobody sees old data.' }).waitFor();
  const moved = await watchMoves(page);
  for (const name of ['One', 'Two', 'Three']) await rename(system, user, name);
  await eventually(
    async () =>
      expect(await part(page, 'Invalidations').getByRole('button', { name: user.key }).count()).toBe(4),
    { what: 'all three updates are there' },
  );
  expect(await moved()).toEqual([]);
});

describe('a dead letter', () => {
  test('shows its cause, and is replayed with a reason, by the keyboard alone', async () => {
    const page = await open();
    const id = await writeDeadLetter(system);
    const letters = part(page, 'Dead letters');
    await letters.getByText(id).waitFor();
    expect(await letters.innerText()).toContain('FRESHET_INVALID_ID');
    await page
      .getByRole('heading', { name: 'Nobody sees old data, but not all is well.' })
      .or(page.getByText('1 dead letter').first())
      .first()
      .waitFor();
    await repairDeadLetter(system, id);

    await letters.getByRole('button', { name: `Replay ${id}` }).focus();
    await page.keyboard.press('Enter');
    const dialog = page.getByRole('dialog', { name: 'Replay a dead letter' });
    await dialog.waitFor();
    await page.keyboard.press('Enter');
    expect(await dialog.isVisible(), 'not without a reason').toBe(true);
    await page.keyboard.type('the id is repaired');
    await page.keyboard.press('Tab');
    await page.keyboard.type('Ann');
    await page.keyboard.press('Enter');
    await dialog.waitFor({ state: 'detached' });
    await page.getByRole('status').getByText(`${id} is due again.`).waitFor();
    await letters.getByText(id).waitFor({ state: 'detached' });

    const log = page.getByRole('list', { name: 'Actions of operators' });
    await eventually(
      async () =>
        expect(await log.innerText()).toMatch(/Ann \(127\.0\.0\.1\) replay dead letter.*the id is repaired/s),
      {
        what: 'the log says who and why',
        deadlineMs: 15_000,
      },
    );
  });

  test('all of them are replayed at once', async () => {
    const ids = [await writeDeadLetter(system), await writeDeadLetter(system)];
    const page = await open();
    const letters = part(page, 'Dead letters');
    for (const id of ids) await letters.getByText(id).waitFor();
    for (const id of ids) await repairDeadLetter(system, id);
    await letters.getByRole('button', { name: 'Replay all' }).click();
    const dialog = page.getByRole('dialog', { name: 'Replay all dead letters' });
    for (const id of ids) expect(await dialog.innerText()).toContain(id);
    await dialog.getByLabel('Why').fill('both are repaired');
    await dialog.getByRole('button', { name: 'Replay all' }).click();
    await letters.getByText('None: every change named a key').waitFor();
  });
});

test('a key is shown in every layer, side by side, and invalidated', async () => {
  const user = await cachedUser(system, 'Inspected');
  const page = await open();
  await page.keyboard.press('/');
  await page.keyboard.type(user.key);
  await page.keyboard.press('Enter');
  const inspector = page.getByRole('dialog', { name: 'Key' });
  await inspector.getByText('No cache holds anything older than Postgres').waitFor();
  const holders = await inspector.getByRole('row').allInnerTexts();
  const version = /\d{10,}/.exec(holders[1] ?? '')?.[0] ?? 'no version';
  for (const where of ['Postgres', 'Redis (L2)', 'user-service-1', 'user-service-2']) {
    expect(holders.find((line) => line.startsWith(where))).toContain(version);
  }
  expect(page.url()).toContain(encodeURIComponent(user.key));

  await inspector.getByRole('button', { name: 'Invalidate' }).click();
  const dialog = page.getByRole('dialog', { name: 'Invalidate a key' });
  await dialog.getByLabel('Why').fill('to see it go');
  await dialog.getByRole('button', { name: 'Invalidate' }).click();
  await eventually(
    async () => {
      for (const where of ['Redis (L2)', 'user-service-1', 'user-service-2']) {
        expect(await inspector.getByRole('row', { name: where }).innerText()).toContain('nothing');
      }
    },
    { what: 'no cache holds it any more' },
  );
  await page.keyboard.press('Escape');
  await inspector.waitFor({ state: 'detached' });
  expect(page.url()).not.toContain('#');
});

test('an old value that was planted in Redis is told in the first line, with what to do, and done', async () => {
  const user = await cachedUser(system, 'Planted');
  const page = await open();
  await plantOldValue(system, user);
  const headline = page.getByRole('heading', { name: /^user serves 1 old key from Redis, since/ });
  await headline.waitFor({ timeout: 60_000 });
  const verdict = page.locator('.verdict');
  await verdict.getByText('removed it, and it was written back past the library').waitFor();
  expect(await page.title()).toBe('Old data · Freshet');
  await expectAccessible(page, 'bad news');

  await verdict.getByRole('button', { name: `Inspect ${user.key}` }).click();
  const inspector = page.getByRole('dialog', { name: 'Key' });
  await inspector.getByText('Older than Postgres: Redis (L2).').waitFor();
  await page.keyboard.press('Escape');

  await part(page, 'Audit').getByRole('button', { name: 'Invalidate it' }).click();
  await page.getByLabel('Why').fill('restored from a copy by mistake');
  await page.getByRole('dialog').getByRole('button', { name: 'Invalidate' }).click();
  await part(page, 'Audit').getByText('was old in Redis').waitFor({ timeout: 60_000 });
  await headline.waitFor({ state: 'detached' });
});

test('a key that cannot be is refused in words', async () => {
  const page = await open();
  await page.getByRole('searchbox', { name: 'Inspect a key' }).fill('nonsense');
  await page.keyboard.press('Enter');
  const answer = page.getByRole('dialog', { name: 'Key' }).getByText(/No answer about this key: /);
  expect(await answer.innerText()).toMatch(/key/);
  // The browser itself notes that the answer was 400.
  opened = undefined;
});

test('arrow keys go through the stream, and Tab leaves it', async () => {
  const user = await cachedUser(system, 'Keys');
  await rename(system, user, 'Keyboard');
  const page = await open();
  const rows = part(page, 'Invalidations').locator('[data-row]');
  await rows.nth(1).waitFor();
  const focused = () => page.evaluate(() => document.activeElement?.getAttribute('aria-expanded'));
  await rows.first().focus();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  expect(await focused()).toBe('true');
  expect(await rows.nth(1).getAttribute('aria-expanded')).toBe('true');
  await page.keyboard.press('Home');
  expect(await focused()).toBe('false');
});

test('light and dark follow the system until somebody chooses, and the choice is kept', async () => {
  const page = await open({ colorScheme: 'dark' });
  const canvas = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const dark = await canvas();
  await page.getByRole('button', { name: /^Colours: system/ }).click();
  const light = await canvas();
  expect(light).not.toBe(dark);
  await page.reload();
  await page.getByRole('button', { name: /^Colours: light/ }).click();
  expect(await canvas()).toBe(dark);
});

describe.each([
  { width: 1280, height: 860 },
  { width: 390, height: 844 },
])('at $width pixels', (viewport) => {
  test.each(['light', 'dark'] as const)(
    'everything can be read, and nothing is cut off: %s',
    async (colorScheme) => {
      const user = await cachedUser(system, `Seen-${viewport.width}-${colorScheme}`);
      const id = await writeDeadLetter(system);
      const page = await open({ viewport, colorScheme });
      await part(page, 'Dead letters').getByText(id).waitFor();
      await row(page, user.key).click();
      await page.locator('.timeline li').nth(4).waitFor();
      await expectAccessible(page, 'the page');
      await expectNothingCutOff(page);

      await part(page, 'Dead letters')
        .getByRole('button', { name: `Replay ${id}` })
        .click();
      await page.getByRole('dialog').waitFor();
      await expectAccessible(page, 'the question before an action');
      await expectNothingCutOff(page);
      await page.keyboard.press('Escape');

      await page.getByRole('button', { name: `Inspect ${user.key}` }).click();
      await page.getByRole('dialog', { name: 'Key' }).getByRole('row').nth(4).waitFor();
      await expectAccessible(page, 'the inspector');
      await expectNothingCutOff(page);
    },
  );
});
