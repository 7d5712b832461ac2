/**
 * What the relay answers: the types of the schemas by which it is described at /docs. Types only: Zod is not in the
 * bundle.
 */
export type { DomainAudit, Finding, TtlScan } from '../../../src/operator-api/schemas/audit.ts';
import type { BlessingList } from '../../../src/operator-api/schemas/audit.ts';
export type { AuditList, BlessingList } from '../../../src/operator-api/schemas/audit.ts';
export type { EventData, EventName } from '../../../src/operator-api/schemas/events.ts';
export type {
  Invalidation,
  InvalidationDetail,
  InvalidationPage,
} from '../../../src/operator-api/schemas/invalidations.ts';
import type { InvalidationDetail } from '../../../src/operator-api/schemas/invalidations.ts';
export type { InspectedKey } from '../../../src/operator-api/schemas/keys.ts';
export type {
  Consistency,
  ConsistencyWindow,
  DomainOverview,
  Overview,
} from '../../../src/operator-api/schemas/overview.ts';
import type { Consistency } from '../../../src/operator-api/schemas/overview.ts';
export type { Replica, ReplicaList } from '../../../src/operator-api/schemas/replicas.ts';
export type { Session } from '../../../src/operator-api/schemas/session.ts';

export type Layer = keyof Consistency;
export type WindowName = keyof Consistency[Layer];
export type Step = InvalidationDetail['path'][number]['step'];
export type Blessing = BlessingList['items'][number];
