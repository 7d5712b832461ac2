import { computed } from '@preact/signals';
import { now } from '../live/clock.ts';
import { events } from '../live/finding-events.ts';
import { audit, connection, findings, overview, replicas } from '../live/store.ts';
import { verdictOn } from './verdict.ts';

export const verdict = computed(() =>
  verdictOn({
    overview: overview.known.value,
    connection: connection.value,
    replicas: replicas.known.value.value?.items ?? [],
    audits: audit.known.value.value?.items ?? [],
    findings: findings.value,
    events: events.value,
    now: now.value,
  }),
);
