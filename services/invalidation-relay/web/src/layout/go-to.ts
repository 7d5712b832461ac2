import type { Section } from '../verdict/statement.ts';

/** Brings a part of the page into sight and the keyboard's focus into it. */
export function goTo(section: Section): void {
  const element = document.getElementById(section);
  element?.scrollIntoView({ block: 'start' });
  element?.focus({ preventScroll: true });
}
