import type { ConnectionOptions } from 'node:tls';

/** Where a database is, in parts: pg's pool metrics and spans take their names from them. */
export interface ConnectionParts {
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly user?: string;
  readonly password?: string;
  readonly ssl?: boolean | ConnectionOptions;
}

/**
 * Takes a Postgres URL apart. `sslmode` may be `disable` (default), `require` and `no-verify` (encrypted,
 * certificate not checked, as libpq does) or `verify-full`.
 */
export function connectionParts(url: string): ConnectionParts {
  const { hostname, port, pathname, username, password, searchParams } = new URL(url);
  const user = decodeURIComponent(username) || undefined;
  const secret = decodeURIComponent(password) || undefined;
  return {
    // A folder of a Unix socket travels as ?host=/var/run/postgresql.
    host: searchParams.get('host') ?? (hostname.replace(/^\[|\]$/g, '') || 'localhost'),
    port: port === '' ? 5432 : Number(port),
    database: decodeURIComponent(pathname.slice(1)) || (user ?? 'postgres'),
    ...(user === undefined ? {} : { user }),
    ...(secret === undefined ? {} : { password: secret }),
    ...sslOf(searchParams.get('sslmode') ?? 'disable'),
  };
}

function sslOf(mode: string): { ssl?: boolean | ConnectionOptions } {
  switch (mode) {
    case 'verify-full':
    case 'verify-ca':
      return { ssl: true };
    case 'require':
    case 'prefer':
    case 'no-verify':
      return { ssl: { rejectUnauthorized: false } };
    default:
      return {};
  }
}
