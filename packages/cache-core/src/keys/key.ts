import { FreshetError } from '../errors.ts';

/** The id column, or columns in the order in which they were registered, as Postgres prints them. */
export type CacheId = string | readonly string[];

/** What an invalidation names: one key, or, without id parts, a whole entity. */
export interface LogicalKey {
  service: string;
  entity: string;
  idParts: readonly string[] | null;
}

const NAME = /^[a-z][a-z0-9-]{0,62}$/;
const SCHEMA_VERSION = /^v\d+$/;
const PLAIN_ID = /^[A-Za-z0-9._~-]+$/;
// Unreserved characters of RFC 3986 only: what encodeURIComponent leaves beyond them is encoded too.
const LEFT_BY_ENCODE_URI = /[!'()*]/g;
const MAX_ENCODED_LENGTH = 512;

/** @throws FRESHET_INVALID_OPTIONS when `name` cannot be a service's or an entity's name. */
export function assertName(kind: 'service' | 'entity' | 'domain', name: string): void {
  if (NAME.test(name) && !SCHEMA_VERSION.test(name)) return;
  throw new FreshetError(
    'FRESHET_INVALID_OPTIONS',
    `A ${kind} is named with 1 to 63 of a-z, 0-9 and '-', begins with a letter and is not 'v' and a number; got ${JSON.stringify(name)}.`,
  );
}

/** Whether `id` can be part of a key: see {@link encodeIdPart}. */
export function isValidId(id: string): boolean {
  try {
    encodeIdPart(id);
    return true;
  } catch {
    return false;
  }
}

/**
 * Encodes one id column. ':' separates, and '{}' would move a key to another Redis Cluster slot, so all but
 * the unreserved characters are percent-encoded: 'a:b' + 'c' never meets 'a' + 'b:c'.
 * @throws FRESHET_INVALID_ID for an empty id, control characters, lone surrogates, or over 512 encoded characters.
 */
export function encodeIdPart(part: string): string {
  if (typeof part !== 'string' || part === '') throw invalidId('it is empty or not a string');
  if (PLAIN_ID.test(part) && part.length <= MAX_ENCODED_LENGTH) return part;
  if (!part.isWellFormed()) throw invalidId('it contains a lone surrogate');
  if (hasControlCharacter(part)) throw invalidId('it contains a control character');
  const encoded = encodeURIComponent(part).replace(
    LEFT_BY_ENCODE_URI,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  if (encoded.length > MAX_ENCODED_LENGTH) throw invalidId('it is longer than 512 encoded characters');
  return encoded;
}

/** `{service}:{entity}:{id}`: the name under which a key is invalidated, whatever its schema version. */
export function logicalKey(service: string, entity: string, id: CacheId): string {
  return `${service}:${entity}:${encodeId(id)}`;
}

/** The Redis key: the logical key, with `v{n}` after the service from schema version 2 on. */
export function physicalKey(service: string, entity: string, schemaVersion: number, id: CacheId): string {
  return `${keyPrefix(service, entity, schemaVersion)}${encodeId(id)}`;
}

/** All keys of one entity in one schema version begin with this. */
export function keyPrefix(service: string, entity: string, schemaVersion: number): string {
  return schemaVersion === 1 ? `${service}:${entity}:` : `${service}:v${schemaVersion}:${entity}:`;
}

/** @throws FRESHET_INVALID_KEY when `key` is neither `service:entity:id` nor `service:entity`. */
export function parseLogicalKey(key: string): LogicalKey {
  const [service, entity, ...encoded] = key.split(':');
  if (service === undefined || entity === undefined || !isName(service) || !isName(entity)) {
    throw invalidKey(key);
  }
  if (encoded.length === 0) return { service, entity, idParts: null };
  return { service, entity, idParts: encoded.map((part) => decodeIdPart(part, key)) };
}

export function encodeId(id: CacheId): string {
  if (typeof id === 'string') return encodeIdPart(id);
  if (!Array.isArray(id) || id.length === 0) throw invalidId('it has no parts');
  return id.map((part: string) => encodeIdPart(part)).join(':');
}

function decodeIdPart(encoded: string, key: string): string {
  try {
    const part = decodeURIComponent(encoded);
    // Only one spelling of an id exists; another one names no entry.
    if (encodeIdPart(part) === encoded) return part;
  } catch {
    // Reported below, with the whole key.
  }
  throw invalidKey(key);
}

function isName(name: string): boolean {
  return NAME.test(name) && !SCHEMA_VERSION.test(name);
}

function hasControlCharacter(text: string): boolean {
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code < 0x20 || (code >= 0x7f && code < 0xa0)) return true;
  }
  return false;
}

function invalidId(why: string): FreshetError {
  return new FreshetError('FRESHET_INVALID_ID', `This id cannot be part of a cache key: ${why}.`);
}

function invalidKey(key: string): FreshetError {
  return new FreshetError(
    'FRESHET_INVALID_KEY',
    `Not a logical key: ${JSON.stringify(key.slice(0, 100))}. Write service:entity:id with the id percent-encoded, or service:entity.`,
  );
}
