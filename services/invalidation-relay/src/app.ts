import { systemClock } from '@freshet/cache-core/protocol';
import type { Readiness, Service, ServiceContext } from '@freshet/service-kit';
import { auditRoutes } from './audit/routes.ts';
import type { RelayConfig } from './config.ts';
import { mountConsoleAssets } from './console/console-page.ts';
import { nameOf } from './domain/domain-relay.ts';
import { openDomain, type OpenDomain } from './domain/open-domain.ts';
import { blessingRoutes } from './operator-api/blessings.ts';
import { deadLetterRoutes } from './operator-api/dead-letters.ts';
import { EventHub } from './operator-api/events/event-hub.ts';
import { eventRoutes } from './operator-api/events/routes.ts';
import { blessingSource, findingSource, invalidationSource } from './operator-api/events/sources.ts';
import { indexRoutes } from './operator-api/index-page.ts';
import { invalidateByHandRoutes } from './operator-api/invalidate-by-hand.ts';
import { invalidationRoutes } from './operator-api/invalidations.ts';
import { keyRoutes } from './operator-api/keys.ts';
import { overviewRoutes, readOverview } from './operator-api/overview.ts';
import { HostGuard } from './operator-api/permission/host-guard.ts';
import { OperatorGate } from './operator-api/permission/operator-gate.ts';
import { replicaRoutes } from './operator-api/replicas.ts';
import { sessionRoutes } from './operator-api/session.ts';

/** One relay for each domain, side by side, and the operator's API over all of them. */
export async function buildRelay(context: ServiceContext<RelayConfig>): Promise<Service> {
  const { config, log, onClose, closing } = context;
  const telemetry = config.otlpEndpoint === undefined ? {} : { telemetry: await spansOfJobs() };
  const domains = [...config.databaseUrls].map(([name, databaseUrl]) => {
    const domain = openDomain({ name, databaseUrl, config, log, ...telemetry });
    onClose(`domain ${name}`, () => domain.close());
    domain.relay.start();
    domain.startAudit();
    return domain;
  });
  const gate = new OperatorGate({ host: config.host, token: config.operatorToken, logger: log });
  const hub = new EventHub({
    clock: systemClock,
    sources: () =>
      domains.flatMap((domain) => [
        invalidationSource(domain),
        blessingSource(domain),
        findingSource(domain),
      ]),
    overview: () => readOverview(domains, config.instanceName),
  });
  onClose('events', () => hub.close());
  closing.addEventListener('abort', () => void hub.close(), { once: true });
  const routes = [
    ...overviewRoutes(domains, config.instanceName),
    ...replicaRoutes(domains),
    ...invalidationRoutes(domains),
    ...invalidateByHandRoutes(domains, gate),
    ...deadLetterRoutes(domains, gate),
    ...keyRoutes(domains),
    ...auditRoutes(domains),
    ...blessingRoutes(domains),
    ...sessionRoutes(gate),
    ...eventRoutes(hub),
  ];
  const guard = new HostGuard(config.host);
  return {
    routes: guard.guarded([...indexRoutes(routes), ...routes]),
    ready: () => readiness(domains),
    extend(app) {
      guard.mount(app);
      mountConsoleAssets(app);
    },
  };
}

/** Loaded only where it does something. */
async function spansOfJobs() {
  const { jobTelemetry } = await import('./telemetry/job-telemetry.ts');
  return jobTelemetry();
}

/** Ready when every domain has been seen under a blessing: before that no cache of it is on. */
function readiness(domains: readonly OpenDomain[]): Readiness {
  const waiting = domains.filter(({ relay }) => !relay.state.wasBlessed);
  const states = Object.fromEntries(domains.map(({ name, relay }) => [name, nameOf(relay.state)]));
  if (waiting.length === 0) return { ready: true, domains: states };
  return {
    ready: false,
    reason: `not blessed yet: ${waiting.map(({ name }) => name).join(', ')}`,
    domains: states,
  };
}
