import { effect, signal } from '@preact/signals';
import { api, type Credentials } from '../api/client.ts';
import { resource } from '../live/resource.ts';

const KEPT_AS = 'freshet.operator';

/** Who acts. Forgotten with the tab, and never in an address or a cookie. */
export const credentials = signal<Credentials>(kept());

/** What this operator may do here. */
export const session = resource(() => api.session(credentials.value));

effect(() => {
  sessionStorage.setItem(KEPT_AS, JSON.stringify(credentials.value));
});

function kept(): Credentials {
  try {
    const { name, token } = JSON.parse(sessionStorage.getItem(KEPT_AS) ?? '') as Partial<Credentials>;
    return { name: name ?? '', token: token ?? '' };
  } catch {
    return { name: '', token: '' };
  }
}

export function becomeOperator(next: Credentials): void {
  credentials.value = { name: next.name.trim(), token: next.token.trim() };
}

export function forgetToken(): void {
  credentials.value = { ...credentials.value, token: '' };
}
