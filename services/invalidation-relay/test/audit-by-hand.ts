import { eventually } from '@freshet/test-kit';
import { Audit } from '../src/audit/audit.ts';
import type { Finding } from '../src/operator-api/schemas/audit.ts';
import type { OpenDomain } from '../src/domain/open-domain.ts';
import { type ManualClock, manualClock } from './manual-clock.ts';
import { DOMAIN, type RelayFixture } from './relay-fixture.ts';

export interface AuditByHand {
  readonly clock: ManualClock;
  /** So many of each, as `l2 consistent`. */
  readonly samples: Map<string, number>;
  readonly logged: string[];
  /** One round now. */
  round(): Promise<void>;
  /** A round once what was promised must have been kept. */
  roundAfterBound(): Promise<void>;
  findings(): Finding[];
  audit: Audit;
}

/** An audit of the fixture's domain that looks when it is told to, and whose clock the test moves. */
export async function auditByHand(
  fixture: RelayFixture,
  { inspection, redis, auditStore }: OpenDomain,
  { keysPerRound = 100 } = {},
): Promise<AuditByHand> {
  const clock = manualClock();
  const samples = new Map<string, number>();
  const logged: string[] = [];
  const log = (_: object, message: string) => logged.push(message);
  const audit = new Audit({
    domain: DOMAIN,
    inspection,
    redis,
    store: auditStore,
    clock,
    keysPerRound,
    logger: { info: log, warn: log, error: log },
    counters: {
      sampled(layer, verdict) {
        const name = `${layer} ${verdict}`;
        samples.set(name, (samples.get(name) ?? 0) + 1);
      },
    },
  });
  await eventually(async () => (await fixture.redis.pubsub('CHANNELS', 'cache:inspected:*')).length > 0, {
    what: 'the audit hears answers',
  });
  const round = async (): Promise<void> => {
    await audit.round();
  };
  return {
    audit,
    clock,
    samples,
    logged,
    round,
    async roundAfterBound() {
      clock.advance(60_000 - 1);
      await round();
    },
    findings: () => audit.content.findings,
  };
}
