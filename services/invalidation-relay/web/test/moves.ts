import type { Page } from 'playwright-core';

/** https://wicg.github.io/layout-instability/#sec-layout-shift-attribution */
interface LayoutShift extends PerformanceEntry {
  readonly sources: readonly {
    readonly node: Node | null;
    readonly previousRect: DOMRectReadOnly;
    readonly currentRect: DOMRectReadOnly;
  }[];
}

/**
 * Watches from now on what moves up or down on the page by itself, but for the stream's rows, which are meant to. A figure
 * that is set to the right and gets a digit more has not moved. Answers a function that tells.
 */
export async function watchMoves(page: Page): Promise<() => Promise<string[]>> {
  const observed = await page.evaluateHandle(() => {
    const moved: string[] = [];
    new PerformanceObserver((list) => {
      for (const { sources } of list.getEntries() as LayoutShift[]) {
        for (const { node, previousRect, currentRect } of sources) {
          const element = node instanceof Element ? node : node?.parentElement;
          if (!element || element.closest('.stream') !== null) continue;
          if (Math.abs(previousRect.y - currentRect.y) > 1) moved.push(element.outerHTML.slice(0, 100));
        }
      }
    }).observe({ type: 'layout-shift' });
    return moved;
  });
  return () => observed.evaluate((moved) => [...moved]);
}
