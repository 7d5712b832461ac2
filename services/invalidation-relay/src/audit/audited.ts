import type { OpenDomain } from '../domain/open-domain.ts';
import type { Finding, TtlScan } from '../operator-api/schemas/audit.ts';
import { type Consistency, consistencyOf } from './consistency.ts';

/** What the audit of a domain has come to, as operators see it. */
export interface Audited {
  consistency: Consistency;
  /** The name of the process that audits; null when none does. */
  auditor: string | null;
  findings: Finding[];
  ttlScan: TtlScan;
}

const NOTHING = {
  auditor: null,
  findings: [],
  ttlScan: { scannedAt: null, keys: 0, withoutTtl: [], wrongTtl: [], unknownSchema: [] },
};

/** Without Redis, or before the first round, nothing is known. */
export async function readAudited({ audited }: Pick<OpenDomain, 'audited'>): Promise<Audited> {
  const board = await audited.read().catch(() => null);
  if (board === null) return { ...NOTHING, consistency: consistencyOf({ l1: [], l2: [] }, Date.now()) };
  const { auditor, buckets, findings, ttlScan, taken } = board;
  return {
    auditor: taken ? auditor : null,
    consistency: consistencyOf(buckets, Date.now()),
    findings,
    ttlScan,
  };
}
