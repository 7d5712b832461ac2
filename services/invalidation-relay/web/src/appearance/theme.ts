import { effect, signal } from '@preact/signals';

const KEPT_AS = 'freshet.theme';

export type Theme = 'system' | 'light' | 'dark';

export const theme = signal<Theme>(kept());

function kept(): Theme {
  const value = localStorage.getItem(KEPT_AS);
  return value === 'light' || value === 'dark' ? value : 'system';
}

effect(() => {
  document.documentElement.dataset['theme'] = theme.value;
  localStorage.setItem(KEPT_AS, theme.value);
});
