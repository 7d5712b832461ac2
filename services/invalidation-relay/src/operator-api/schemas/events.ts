import * as z from 'zod';
import { blessingSchema, findingSchema } from './audit.ts';
import { invalidationSchema } from './invalidations.ts';
import { overviewSchema } from './overview.ts';

/** What `/v1/events` sends: the JSON of `data`, by the name of the event. */
export const eventSchemas = {
  /** As GET /v1/overview, about every second. */
  overview: overviewSchema,
  /** An item of GET /v1/invalidations, whenever its state has changed. */
  invalidation: invalidationSchema,
  /** An item of the audit's findings, when it is found and when it is resolved. */
  finding: findingSchema,
  /** An item of GET /v1/blessings, when it is recorded and when it is finished. */
  blessing: z.object({ domain: z.string(), ...blessingSchema.shape }),
  /** Events were missed that cannot be made up for: load everything anew. */
  reload: z.object({}),
} as const;

export type EventName = keyof typeof eventSchemas;
export type EventData<Name extends EventName> = z.output<(typeof eventSchemas)[Name]>;
