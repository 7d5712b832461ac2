import type { RedisOptions } from 'ioredis';
import { FreshetError } from '../errors.ts';

/** A Redis with replicas, whose primary the Sentinels know. */
export interface SentinelGroup {
  sentinels: readonly { host: string; port: number }[];
  /** What the Sentinels call the group. */
  name: string;
  /** Of the servers, not of the Sentinels. */
  username?: string;
  password?: string;
}

type SentinelSetting =
  | 'sentinels'
  | 'name'
  | 'username'
  | 'password'
  | 'role'
  | 'failoverDetector'
  | 'sentinelCommandTimeout'
  | 'sentinelRetryStrategy';

const SCHEME = 'redis+sentinel://';
const FORM = /^(?:([^@/]*)@)?([^@/]+)\/([\w.-]+)$/;
const SENTINEL_PORT = 26_379;

/**
 * `redis+sentinel://[[user]:password@]host[:port],host[:port],…/name`; null for a URL of another scheme.
 * @throws FRESHET_INVALID_OPTIONS
 */
export function parseSentinelUrl(url: string): SentinelGroup | null {
  if (!url.startsWith(SCHEME)) return null;
  const [, credentials = '', hosts = '', name = ''] = FORM.exec(url.slice(SCHEME.length)) ?? [];
  const sentinels = hosts.split(',').map((host) => {
    const parsed = URL.parse(`redis://${host}`);
    if (parsed === null || parsed.hostname === '') throw invalid();
    return parsed;
  });
  const login = URL.parse(`redis://${credentials}@host`);
  if (login === null) throw invalid();
  const { username, password } = login;
  const decoded = (text: string): string => {
    try {
      return decodeURIComponent(text);
    } catch {
      throw invalid();
    }
  };
  return {
    sentinels: sentinels.map(({ hostname, port }) => ({
      // Brackets are the URL's, not the address's.
      host: hostname.replace(/^\[|\]$/g, ''),
      port: port === '' ? SENTINEL_PORT : Number(port),
    })),
    name,
    ...(username !== '' && { username: decoded(username) }),
    ...(password !== '' && { password: decoded(password) }),
  };
}

/**
 * ioredis' failover detector stays off: a primary that dies closes its connections, and +switch-master, when it comes while
 * the Sentinels are being asked, would stop ioredis for good. A primary that hangs is left after `socketTimeout`,
 * one that was demoted closes its connections or answers READONLY.
 */
export function sentinelSettings(
  group: SentinelGroup,
  timeoutMs: number,
): Pick<RedisOptions, SentinelSetting> {
  const { sentinels, ...rest } = group;
  return {
    ...rest,
    sentinels: [...sentinels],
    role: 'master',
    failoverDetector: false,
    // A Sentinel that hangs would be waited for without end.
    sentinelCommandTimeout: timeoutMs,
    // As long as there is no primary there is nothing else to try.
    sentinelRetryStrategy: (attempt) => Math.min(attempt * 10, 250),
  };
}

function invalid(): FreshetError {
  return new FreshetError(
    'FRESHET_INVALID_OPTIONS',
    'This is no Sentinel URL: redis+sentinel://host:port,host:port/name.',
  );
}
