import { computed } from '@preact/signals';
import { now } from '../live/clock.ts';
import { events } from '../live/finding-events.ts';
import { audit, connection, deadLetters, findings, overview, replicas } from '../live/store.ts';
import { Noticed } from './noticed.ts';
import { verdictOn } from './verdict.ts';

const noticed = new Noticed();

export const verdict = computed(() => {
  const { statements, ...rest } = verdictOn({
    overview: overview.known.value,
    connection: connection.value,
    replicas: replicas.known.value,
    deadLetters: deadLetters.known.value.value?.items ?? [],
    audit: audit.known.value,
    findings: findings.value,
    events: events.value,
    now: now.value,
  });
  return { ...rest, statements: noticed.date(statements, now.value) };
});
