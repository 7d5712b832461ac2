import type { RequestOptions } from './request.ts';

/** A request that must be refused, and how. */
export interface HostileRequest {
  readonly what: string;
  readonly method: string;
  readonly path: string;
  readonly options?: RequestOptions;
  readonly status: number;
  readonly code: string;
}

/** A route that takes a body, with a body that it would accept. */
export interface BodyRoute {
  readonly method: string;
  readonly path: string;
  readonly valid: Readonly<Record<string, unknown>>;
  /** Fields that the server alone writes, or that do not exist. */
  readonly readOnly: readonly string[];
}

const json = { 'content-type': 'application/json' };

/** Every way to spoil a body that does not depend on what its fields mean. */
export function hostileBodies({ method, path, valid, readOnly }: BodyRoute): HostileRequest[] {
  const text = JSON.stringify(valid);
  const invalid = { status: 400, code: 'INVALID_REQUEST' };
  const unsupported = { status: 415, code: 'UNSUPPORTED_MEDIA_TYPE' };
  const malformed = { status: 400, code: 'MALFORMED_JSON' };
  const request = (what: string, options: RequestOptions, refusal: { status: number; code: string }) => ({
    what: `${method} ${path}: ${what}`,
    method,
    path,
    options,
    ...refusal,
  });
  const raw = (body: string | Buffer): RequestOptions => ({ headers: json, body });
  const unknown = [...readOnly, 'unknown', '__proto__', 'constructor', 'toString'];
  return [
    request('no body', {}, unsupported),
    request('an empty body', raw(''), invalid),
    request('truncated JSON', raw(text.slice(0, -1)), malformed),
    request('no JSON', raw('name=x'), malformed),
    request('bytes that are no UTF-8', raw(Buffer.from([0x22, 0xff, 0xfe, 0x22])), invalid),
    ...['null', 'true', '7', '"text"', '[]', `[${text}]`, '{}'].map((body) =>
      request(`the body ${body}`, raw(body), invalid),
    ),
    ...unknown.map((field) =>
      request(`the field ${field}`, raw(`${text.slice(0, -1)},${JSON.stringify(field)}:"1"}`), invalid),
    ),
    ...Object.keys(valid).flatMap((field) =>
      [{}, [], [valid[field]], true, Number.MAX_VALUE, -1.5].map((value) =>
        request(`${field} = ${JSON.stringify(value)}`, { body: { ...valid, [field]: value } }, invalid),
      ),
    ),
    request('a body 20,000 levels deep', raw(`${'['.repeat(20_000)}${']'.repeat(20_000)}`), invalid),
    request(
      'a field 9,000 levels deep',
      raw(`${text.slice(0, -1)},"deep":${'{"a":'.repeat(9_000)}1${'}'.repeat(9_000)}}`),
      invalid,
    ),
    request('a body over 100 kB', raw(`${text.slice(0, -1)},"pad":"${'x'.repeat(110_000)}"}`), {
      status: 413,
      code: 'BODY_TOO_LARGE',
    }),
    ...[
      'text/plain',
      'application/xml',
      'application/x-www-form-urlencoded',
      'multipart/form-data; boundary=x',
      'nonsense',
    ].map((type) =>
      request(`the content type ${type}`, { headers: { 'content-type': type }, body: text }, unsupported),
    ),
    request('no content type', { body: text }, unsupported),
    request(
      'an unknown charset',
      { headers: { 'content-type': 'application/json; charset=klingon' }, body: text },
      unsupported,
    ),
    request(
      'an unknown encoding',
      { headers: { ...json, 'content-encoding': 'sdch' }, body: text },
      unsupported,
    ),
    request(
      'a body that is not what its encoding says',
      { headers: { ...json, 'content-encoding': 'gzip' }, body: text },
      invalid,
    ),
  ];
}

/** Ids, as they stand in the path, that no entity has. */
export const hostileIds: readonly string[] = [
  '%00',
  'a%00b',
  '%0a',
  '%ed%a0%80', // a lone surrogate, as bytes
  '%',
  '%zz',
  '%c3%28',
  'a:b',
  '%7B%7D',
  '{}',
  '*',
  'a%2Fb',
  '..%2F..%2Fetc%2Fpasswd',
  '%F0%9F%92%A9',
  "'%20or%201=1--",
  'x'.repeat(8_000),
];

/** Header fields that must be refused, whatever is asked for. */
export const malformedTags: readonly string[] = ['812', '"812', 'W/812', '"a" "b"', '', ',', '"\u00e9"x'];
export const malformedVersions: readonly string[] = [
  '',
  '-1',
  '1.5',
  '1e3',
  '0x10',
  'abc',
  '"812"',
  '9223372036854775808',
  '9'.repeat(40),
];
