import type { Request } from 'express';
import * as z from 'zod';
import type { Operator } from './operator-store.ts';

export const reasonSchema = z
  .string()
  .max(500)
  .regex(/^[^\p{Cc}]*$/u)
  .optional()
  .describe("Why, for the operator's log");

/** Who to name in the operator's log: what the proxy in front has verified, else where the call came from. */
export function operatorOf(request: Request, reason?: string): Operator {
  const user = request.get('x-forwarded-user');
  const who =
    user === undefined || user === '' ? (request.socket.remoteAddress ?? 'unknown') : user.slice(0, 200);
  return { who, reason: reason ?? null };
}
