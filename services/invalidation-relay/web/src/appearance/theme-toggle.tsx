import { type Theme, theme } from './theme.ts';

const next: Record<Theme, Theme> = { system: 'light', light: 'dark', dark: 'system' };

const drawings: Record<Theme, string> = {
  system: 'M8 2a6 6 0 1 0 0 12Zm0 0a6 6 0 0 1 0 12',
  light:
    'M8 5.2a2.8 2.8 0 1 1 0 5.6 2.8 2.8 0 0 1 0-5.6M8 1v1.5M8 13.5V15M1 8h1.5M13.5 8H15M3 3l1.1 1.1M11.9 11.9 13 13M13 3l-1.1 1.1M4.1 11.9 3 13',
  dark: 'M13.5 9.6A5.8 5.8 0 0 1 6.4 2.5a5.8 5.8 0 1 0 7.1 7.1Z',
};

export function ThemeToggle() {
  return (
    <button
      type="button"
      class="icon-button"
      aria-label={`Colours: ${theme.value}. Change to ${next[theme.value]}`}
      title={`Colours: ${theme.value}`}
      onClick={() => (theme.value = next[theme.value])}
    >
      <svg viewBox="0 0 16 16" aria-hidden="true">
        <path d={drawings[theme.value]} />
      </svg>
    </button>
  );
}
