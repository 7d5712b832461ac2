import { setTimeout as delay } from 'node:timers/promises';
import type { CommonConfig } from '../config/common-variables.ts';
import type { Environment } from '../config/read-config.ts';
import { mountHealth } from '../health/mount-health.ts';
import type { Readiness } from '../health/readiness.ts';
import { createApp } from '../http/app.ts';
import { type ListeningServer, listen } from '../http/server.ts';
import { createLogger, type Logger } from '../log/logger.ts';
import { Closers } from '../shutdown/closers.ts';
import { within } from '../shutdown/within.ts';
import { StartupError } from '../startup-error.ts';
import { traceRequests } from '../telemetry/server-span.ts';
import { shutdownTelemetry } from '../telemetry/shutdown.ts';
import type { Service, ServiceDefinition } from './service.ts';

export interface RunningService {
  readonly url: string;
  readonly port: number;
  readonly log: Logger;
  /** Stops in order under the configured deadline. Answers whether everything ended in time; calls after the first share its answer. */
  stop(): Promise<boolean>;
}

/** When each part of a shutdown must be over, as a share of the deadline less the notice; telemetry gets what is left. */
const requestsUntil = 0.6;
const closersUntil = 0.9;

/** Builds a service and serves it, without touching signals or the process: for `runService` and for tests. */
export async function startService<Config extends CommonConfig>(
  definition: ServiceDefinition<Config>,
  environment: Environment = process.env,
): Promise<RunningService> {
  const config = definition.config(environment);
  const { shutdownNoticeMs: noticeMs, shutdownDeadlineMs: deadlineMs } = config;
  refuseLongNotice(noticeMs, deadlineMs);
  const log = createLogger({
    service: definition.name,
    instance: config.instanceName,
    level: config.logLevel,
  });
  const closers = new Closers();
  const closing = new AbortController();
  try {
    const service = await definition.build({
      config,
      log,
      closing: closing.signal,
      onClose: (name, close) => closers.add(name, close),
    });
    const app = appOf(definition, service, log, closing.signal);
    const server = await listen(config.otlpEndpoint === undefined ? app : traceRequests(app), config);
    const { url, port } = server;
    log.info({ url }, 'listening');
    let stopped: Promise<boolean> | undefined;
    return {
      url,
      port,
      log,
      stop: () => (stopped ??= stop({ server, closers, closing, log, noticeMs, deadlineMs })),
    };
  } catch (error) {
    await closers.closeAll(() => deadlineMs, log);
    throw error;
  }
}

function refuseLongNotice(noticeMs: number, deadlineMs: number): void {
  if (noticeMs <= deadlineMs / 2) return;
  throw new StartupError(
    'FRESHET_CONFIG',
    `SHUTDOWN_NOTICE_MS (${noticeMs}) must be half of SHUTDOWN_DEADLINE_MS (${deadlineMs}) at most: requests have to finish after it.`,
  );
}

function appOf(
  definition: { name: string; description?: string },
  service: Service,
  log: Logger,
  closing: AbortSignal,
) {
  const { name, description } = definition;
  const ready = (): Readiness | Promise<Readiness> =>
    closing.aborted
      ? { ready: false, reason: 'it is shutting down' }
      : (service.ready?.() ?? { ready: true });
  return createApp({
    name,
    ...(description === undefined ? {} : { description }),
    routes: service.routes,
    log,
    extend(app) {
      mountHealth(app, ready);
      service.extend?.(app);
    },
  });
}

interface StopOptions {
  readonly server: ListeningServer;
  readonly closers: Closers;
  readonly closing: AbortController;
  readonly log: Logger;
  /** Milliseconds. */
  readonly noticeMs: number;
  /** Milliseconds, the notice included. */
  readonly deadlineMs: number;
}

async function stop({ server, closers, closing, log, noticeMs, deadlineMs }: StopOptions): Promise<boolean> {
  const begin = performance.now();
  const untilShare = (share: number) =>
    noticeMs + (deadlineMs - noticeMs) * share - (performance.now() - begin);
  closing.abort(new Error('the service is shutting down'));
  // Not ready, and still serving: whoever looks at /readyz now and then has not seen it yet.
  if (noticeMs > 0) await delay(noticeMs);
  const finished = await server.close(untilShare(requestsUntil));
  if (!finished) log.warn('requests were cut off by the shutdown');
  const failed = await closers.closeAll(() => untilShare(closersUntil), log);
  try {
    await within(untilShare(1), shutdownTelemetry);
  } catch {
    log.warn('the last spans or metrics could not be sent in time');
  }
  log.info({ durationMs: Math.round(performance.now() - begin) }, 'stopped');
  return finished && failed.length === 0;
}
