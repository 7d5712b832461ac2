import { computed, signal } from '@preact/signals';
import { api, eventsPath } from '../api/client.ts';
import type { EventData, EventName, Overview } from '../api/contract.ts';
import { learnRelayTime, startClock } from './clock.ts';
import { type Connection, openEventStream } from './event-stream.ts';
import { addInvalidations, invalidationFeed } from './invalidation-feed.ts';
import { resource } from './resource.ts';

const REPLICAS_EVERY_MS = 2_000;
const AUDIT_EVERY_MS = 10_000;

export const connection = signal<Connection>({ state: 'connecting' });

export const overview = resource(async () => {
  const answer = await api.overview();
  learnRelayTime(answer.at);
  return answer;
});
export const replicas = resource(api.replicas);
export const deadLetters = resource(api.deadLetters);
export const audit = resource(api.audit);
export const blessings = resource(api.blessings);

/** Findings of all domains, the open ones first. */
export const findings = computed(() =>
  (audit.known.value.value?.items ?? [])
    .flatMap((item) => item.findings)
    .toSorted(
      (a, b) =>
        Number(a.resolvedAt !== null) - Number(b.resolvedAt !== null) ||
        b.firstSeenAt.localeCompare(a.firstSeenAt),
    ),
);

/** Connects, and keeps everything up to date from now on. */
export function goLive(): void {
  startClock();
  openEventStream({
    url: eventsPath,
    onState: (state) => (connection.value = state),
    onOpen: () => (isCaughtUp = false),
    on: take,
  });
  loadAll();
  setInterval(() => whenVisible(() => replicas.load()), REPLICAS_EVERY_MS);
  setInterval(() => whenVisible(() => audit.load()), AUDIT_EVERY_MS);
  document.addEventListener('visibilitychange', () => whenVisible(loadAll));
}

function loadAll(): void {
  for (const each of [overview, replicas, invalidationFeed, deadLetters, audit, blessings]) void each.load();
}

const take: { readonly [Name in EventName]: (data: EventData<Name>) => void } = {
  overview: takeOverview,
  invalidation: takeInvalidation,
  finding: () => void audit.load(),
  blessing() {
    void blessings.load();
    void replicas.load();
    void audit.load();
  },
  reload: loadAll,
};

/**
 * Whether all was asked for since the connection stands. Not as soon as it stands: what happens before the relay has looked
 * for the first time, which is before its first overview, comes as no event.
 */
let isCaughtUp = false;

function takeOverview(next: Overview): void {
  const before = overview.known.value.value;
  learnRelayTime(next.at);
  overview.set(next);
  if (!isCaughtUp) {
    isCaughtUp = true;
    loadAll();
  }
  const count = (of: Overview | undefined) =>
    of?.domains.reduce((sum, { outbox }) => sum + outbox.deadLetters, 0);
  if (count(before) !== count(next)) void deadLetters.load();
}

function takeInvalidation(item: EventData<'invalidation'>): void {
  addInvalidations([item]);
  if (item.state === 'dead') void deadLetters.load();
}

/** A hidden page needs no figures that nobody sees; it gets them when it is shown again. */
function whenVisible(load: () => unknown): void {
  if (document.visibilityState === 'visible') void load();
}
