export const PEACE = 'peace';

/** Of a run, as reports call it: its faults. */
export function nameOf({ faults }: { readonly faults: readonly string[] }): string {
  return faults.length === 0 ? PEACE : faults.join(' + ');
}
