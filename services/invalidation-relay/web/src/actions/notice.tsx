import { useSignalEffect } from '@preact/signals';
import { notice } from './action.ts';

const SHOWN_MS = 6_000;

/** Always in the page, so that a screen reader hears what is put into it. */
export function Notice() {
  useSignalEffect(() => {
    if (notice.value === '') return;
    const timer = setTimeout(() => (notice.value = ''), SHOWN_MS);
    return () => clearTimeout(timer);
  });
  return (
    <div class="notice" role="status" data-shown={notice.value !== ''}>
      {notice.value}
    </div>
  );
}
