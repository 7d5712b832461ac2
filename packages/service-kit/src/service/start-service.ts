import type { Server } from 'node:http';
import type { CommonConfig } from '../config/common-variables.ts';
import type { Environment } from '../config/read-config.ts';
import { mountHealth } from '../health/mount-health.ts';
import type { Readiness } from '../health/readiness.ts';
import { createApp } from '../http/app.ts';
import { listen } from '../http/server.ts';
import { createLogger, type Logger } from '../log/logger.ts';
import { Closers } from '../shutdown/closers.ts';
import { closeServer } from '../shutdown/close-server.ts';
import type { Service, ServiceDefinition } from './service.ts';

export interface RunningService {
  readonly url: string;
  readonly port: number;
  readonly log: Logger;
  /** Stops in order under the configured deadline. Answers whether everything ended in time; calls after the first share its answer. */
  stop(): Promise<boolean>;
}

/** Of the deadline, the part that requests may use up: the rest is for the closers and telemetry. */
const requestShare = 0.7;

/** Builds a service and serves it, without touching signals or the process: for `runService` and for tests. */
export async function startService<Config extends CommonConfig>(
  definition: ServiceDefinition<Config>,
  environment: Environment = process.env,
): Promise<RunningService> {
  const config = definition.config(environment);
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
    const { server, port, url } = await listen(appOf(definition, service, log, closing.signal), config);
    log.info({ url }, 'listening');
    let stopped: Promise<boolean> | undefined;
    return {
      url,
      port,
      log,
      stop: () =>
        (stopped ??= stop({ server, closers, closing, log, deadlineMs: config.shutdownDeadlineMs })),
    };
  } catch (error) {
    await closers.closeAll(() => config.shutdownDeadlineMs, log);
    throw error;
  }
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
  server: Server;
  closers: Closers;
  closing: AbortController;
  log: Logger;
  deadlineMs: number;
}

async function stop({ server, closers, closing, log, deadlineMs }: StopOptions): Promise<boolean> {
  const begin = performance.now();
  const remainingMs = () => deadlineMs - (performance.now() - begin);
  closing.abort(new Error('the service is shutting down'));
  const finished = await closeServer(server, deadlineMs * requestShare);
  if (!finished) log.warn('requests were cut off by the shutdown');
  const failed = await closers.closeAll(remainingMs, log);
  log.info({ durationMs: Math.round(performance.now() - begin) }, 'stopped');
  return finished && failed.length === 0;
}
