import { effect } from '@preact/signals';
import { verdict } from './current-verdict.ts';
import type { Level } from './statement.ts';

const titles: Record<Level, string> = {
  fresh: 'Freshet',
  attention: '(!) Freshet',
  unknown: '(?) Freshet',
  stale: 'Old data · Freshet',
};

/** Seen on the tab of a browser that shows another page. */
export function showInTitle(): void {
  effect(() => {
    document.title = titles[verdict.value.level];
  });
}
