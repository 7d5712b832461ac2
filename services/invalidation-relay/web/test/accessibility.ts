import { createRequire } from 'node:module';
import type { AxeResults } from 'axe-core';
import type { Page } from 'playwright-core';
import { expect } from 'vitest';

const axe = createRequire(import.meta.url).resolve('axe-core/axe.min.js');

declare global {
  interface Window {
    axe: { run(context: Document, options: object): Promise<AxeResults> };
  }
}

/** WCAG 2.2 AA and axe's best practices, on what is on the page now. */
export async function expectAccessible(page: Page, what: string): Promise<void> {
  // Through the debugger, since the page's own policy lets no foreign script in.
  await page.evaluate(await scriptOf());
  const violations = await page.evaluate(async () => {
    const results = await window.axe.run(document, {
      runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
    });
    return results.violations.map(({ id, nodes }) => ({
      id,
      nodes: nodes.map(({ html, failureSummary }) => `${html.slice(0, 200)} ${failureSummary}`),
    }));
  });
  expect({ what, violations }).toEqual({ what, violations: [] });
}

let script: Promise<string> | undefined;

function scriptOf(): Promise<string> {
  script ??= import('node:fs/promises').then(({ readFile }) => readFile(axe, 'utf8'));
  return script;
}
