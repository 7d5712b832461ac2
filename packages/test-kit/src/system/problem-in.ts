import { expect } from 'vitest';
import type { Answer } from './request.ts';

/** What must never be told: stack traces, folders of the machine, addresses with credentials. */
const internals = /node_modules|\bat .*:\d+:\d+|postgres:\/\/|redis:\/\//;

/**
 * The status and code of an answer, such as '404 NOT_FOUND'. Fails when it is not problem+json (RFC 9457) that says what
 * to do, or when it tells what it should not.
 */
export function problemIn({ status, headers, json, text }: Answer): string {
  expect(headers['content-type'] ?? text).toMatch(/^application\/problem\+json/);
  expect(json).toMatchObject({
    status,
    code: expect.stringMatching(/^[A-Z_]+$/),
    type: expect.stringMatching(/^urn:/),
    title: expect.any(String),
    detail: expect.stringMatching(/\w{3}.*\.$/s),
  });
  expect(text).not.toMatch(internals);
  return `${status} ${String(json?.['code'])}`;
}
