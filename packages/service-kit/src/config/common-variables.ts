import { defaultInstanceName } from './instance-name.ts';
import type { ConfigOf } from './read-config.ts';
import { choice, integer, optionalHttpUrl, redisOrSentinelUrl, text } from './variable.ts';

const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;

/** The variables that every service has. */
export function commonVariables(service: { name: string; port: number }) {
  return {
    host: text('HOST', { default: '127.0.0.1', description: 'address to listen on' }),
    port: integer('PORT', {
      default: service.port,
      min: 0,
      max: 65_535,
      description: 'port to listen on, 0 picks a free one',
    }),
    instanceName: text('INSTANCE_NAME', {
      default: defaultInstanceName(service.name),
      description: 'name of this replica in logs, traces and metrics',
    }),
    redisCacheUrl: redisOrSentinelUrl('REDIS_CACHE_URL', 'the Redis that holds the cache'),
    logLevel: choice('LOG_LEVEL', logLevels, {
      default: 'info',
      description: 'least severe level that is logged',
    }),
    shutdownDeadlineMs: integer('SHUTDOWN_DEADLINE_MS', {
      default: 10_000,
      min: 100,
      max: 600_000,
      unit: 'ms',
      description: 'time from SIGTERM to the end of the process, at most',
    }),
    shutdownNoticeMs: integer('SHUTDOWN_NOTICE_MS', {
      default: 0,
      min: 0,
      max: 300_000,
      unit: 'ms',
      description: 'how long requests are served after /readyz says no; half of the deadline at most',
    }),
    otlpEndpoint: optionalHttpUrl(
      'OTEL_EXPORTER_OTLP_ENDPOINT',
      'OpenTelemetry collector (OTLP over HTTP); without it nothing is traced',
    ),
  };
}

export type CommonConfig = ConfigOf<ReturnType<typeof commonVariables>>;
