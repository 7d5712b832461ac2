import { counterOf, type Metric, observableOf } from '@freshet/cache-core/telemetry';
import { metrics } from '@opentelemetry/api';
import { LAYERS, type Layer, VERDICTS, type Verdict } from './copy.ts';
import { type Consistency, ratioOf, WINDOWS } from './consistency.ts';

/** What the relay that audits a domain publishes of it; the others of the domain publish its counters only, at 0. */
export const auditMetrics = {
  samples: {
    name: 'freshet_audit_samples_total',
    type: 'counter',
    labels: { domain: null, layer: LAYERS, verdict: VERDICTS },
    help: 'Cached values compared with their row, by what came of it',
  },
  ratio: {
    name: 'freshet_audit_consistency_ratio',
    type: 'gauge',
    labels: { domain: null, layer: LAYERS, window: Object.keys(WINDOWS) },
    help: 'Share of the compared values that were as fresh as promised; `NaN` without one in the window',
  },
  findings: {
    name: 'freshet_audit_findings',
    type: 'gauge',
    labels: { domain: null, layer: LAYERS },
    help: 'Cached values that are older than promised, and still there',
  },
  withoutTtl: {
    name: 'freshet_audit_keys_without_ttl',
    type: 'gauge',
    labels: { domain: null },
    help: 'Keys of the domain that would stay in Redis for ever, at the last search of all of them; `NaN` before the first',
  },
  seconds: {
    name: 'freshet_audit_seconds_total',
    type: 'counter',
    unit: 's',
    labels: { domain: null },
    help: 'Time that the rounds of the audit have taken, the waiting for answers included',
  },
} as const satisfies Record<string, Metric>;

const meter = metrics.getMeter('@freshet/invalidation-relay');
const samples = counterOf(meter, auditMetrics.samples);
const seconds = counterOf(meter, auditMetrics.seconds);
const ratio = observableOf(meter, auditMetrics.ratio);
const findings = observableOf(meter, auditMetrics.findings);
const withoutTtl = observableOf(meter, auditMetrics.withoutTtl);

/** What the gauges show; null for a relay that does not audit the domain. */
export interface AuditGauges {
  consistency: Consistency;
  findings: Readonly<Record<Layer, number>>;
  /** Null before the first search. */
  keysWithoutTtl: number | null;
}

export interface AuditCounters {
  sampled(layer: Layer, verdict: Verdict): void;
  took(ms: number): void;
  stop(): void;
}

export function countAudit(domain: string, gauges: () => AuditGauges | null): AuditCounters {
  for (const layer of LAYERS) for (const verdict of VERDICTS) samples.add(0, { domain, layer, verdict });
  seconds.add(0, { domain });
  const observe: Parameters<typeof meter.addBatchObservableCallback>[0] = (result) => {
    const now = gauges();
    if (now === null) return;
    for (const layer of LAYERS) {
      result.observe(findings, now.findings[layer], { domain, layer });
      for (const window of WINDOW_NAMES) {
        result.observe(ratio, ratioOf(now.consistency[layer][window]) ?? Number.NaN, {
          domain,
          layer,
          window,
        });
      }
    }
    result.observe(withoutTtl, now.keysWithoutTtl ?? Number.NaN, { domain });
  };
  const observed = [ratio, findings, withoutTtl];
  meter.addBatchObservableCallback(observe, observed);
  return {
    sampled: (layer, verdict) => samples.add(1, { domain, layer, verdict }),
    took: (ms) => seconds.add(ms / 1_000, { domain }),
    stop: () => meter.removeBatchObservableCallback(observe, observed),
  };
}

const WINDOW_NAMES = ['1m', '5m', '1h'] as const;
