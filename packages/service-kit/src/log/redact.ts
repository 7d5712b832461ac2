const credentialsInUrl = /\b([a-z][a-z0-9+.-]*:\/\/)[^\s/"']*:[^\s/"']*@/gi;

/** `text` with the user and password of every URL in it replaced: `redis://[redacted]@host`. */
export function withoutCredentials(text: string): string {
  // Most lines hold no URL at all: one cheap look spares them the expression.
  return text.includes('://') ? text.replace(credentialsInUrl, '$1[redacted]@') : text;
}
