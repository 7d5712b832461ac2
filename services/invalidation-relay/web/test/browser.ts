import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { requireProgram } from '@freshet/local';
import { disposeAtEnd } from '@freshet/test-kit';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { expect } from 'vitest';

const root = join(import.meta.dirname, '../../../..');

/** Makes the console, and starts the system's Chromium; both for this test file. */
export async function startBrowser(): Promise<Browser> {
  const [executablePath] = await Promise.all([
    requireProgram('chromium'),
    promisify(execFile)(process.execPath, [join(root, 'infra/build/console.mjs')]),
  ]);
  const browser = await chromium.launch({
    executablePath,
    // Root has no sandbox, and the page that is opened is our own.
    chromiumSandbox: process.getuid?.() !== 0,
  });
  disposeAtEnd('Chromium', () => browser.close());
  return browser;
}

export interface ConsolePage {
  readonly page: Page;
  /** What the browser complained about: errors on its console, exceptions, breaches of the page's policy. */
  readonly complaints: readonly string[];
}

/** Opens the console of the relay at `url`, and waits until it is live. */
export async function openConsole(
  browser: Browser,
  url: string,
  options: BrowserContextOptions = {},
): Promise<ConsolePage> {
  const context = await browser.newContext({
    viewport: { width: 1280, height: 860 },
    reducedMotion: 'reduce',
    ...options,
  });
  disposeAtEnd('browser context', () => context.close());
  const page = await context.newPage();
  page.setDefaultTimeout(15_000);
  const complaints: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(String(error)));
  await page.goto(url);
  await untilLive(page);
  return { page, complaints };
}

export async function untilLive(page: Page): Promise<void> {
  await page.locator('.connection[data-state=live]').waitFor();
  await page.getByRole('rowheader', { name: 'user', exact: false }).first().waitFor();
}

/** A part of the page, by its heading. */
export function part(page: Page, name: string) {
  return page.getByRole('region', { name, exact: true });
}

/** Nothing sticks out of the window to the right, and no text is cut off; lists that scroll on purpose may be longer. */
export async function expectNothingCutOff(page: Page): Promise<void> {
  const culprits = await page.evaluate(() => {
    const scrolls = (element: Element) =>
      element.closest('.section-links, .stream, .items, .subjects') !== null;
    const described = (element: Element) =>
      `${element.tagName.toLowerCase()}.${element.className}: ${element.textContent?.slice(0, 60)}`;
    return [...document.querySelectorAll<HTMLElement>('body *')]
      .filter((element) => element.checkVisibility({ visibilityProperty: true }))
      .filter((element) => {
        const { right, width } = element.getBoundingClientRect();
        const outside = width > 0 && right > document.documentElement.clientWidth + 1;
        const cut =
          getComputedStyle(element).overflowX === 'hidden' && element.scrollWidth > element.clientWidth + 1;
        return (outside && !scrolls(element)) || (cut && getComputedStyle(element).clipPath === 'none');
      })
      .map(described);
  });
  expect(culprits).toEqual([]);
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(
    page.viewportSize()?.width ?? 0,
  );
}
