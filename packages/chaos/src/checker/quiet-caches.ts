import type { HeldProbe } from '../contract.ts';
import type { Findings } from './findings.ts';
import type { KeyHistory, RecordedRun } from './recorded-run.ts';

/** After the quiet, what L1 and L2 hold of a key is what Postgres holds. */
export function checkQuietCaches({ kind, key, held }: KeyHistory, findings: Findings): void {
  const stored = held.find(({ place }) => place === 'postgres');
  if (stored === undefined) return;
  for (const cached of held) {
    if (cached.place === 'postgres') continue;
    findings.judged();
    if (cached.version === stored.version && isSameValue(cached, stored)) continue;
    findings.violated(
      `${cached.replica ?? 'L2'} holds ${kind} ${key} in version ${cached.version ?? 'none'} (${cached.value}), ` +
        `Postgres in ${stored.version ?? 'none'} (${stored.value})`,
    );
  }
}

/** What a memory holds that did not answer is not known, and is no proof of anything. */
export function checkUnseenMemories({ probes }: RecordedRun, findings: Findings): void {
  for (const probe of probes)
    if (probe.what === 'unseen')
      findings.unseen(`${probe.replica} did not answer ${probe.kind} ${probe.key} from memory`);
}

function isSameValue(cached: HeldProbe, stored: HeldProbe): boolean {
  return cached.value === null || cached.value === stored.value;
}
