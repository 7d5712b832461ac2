import { isSpanContextValid, trace } from '@opentelemetry/api';
import { type DestinationStream, type Logger, pino } from 'pino';
import { activeUnsampledTrace } from '../telemetry/unsampled-trace.ts';
import { withoutCredentials } from './redact.ts';

export type { Logger } from 'pino';

export interface LoggerOptions {
  readonly service: string;
  readonly instance: string;
  /** Least severe level that is written. Default: info. */
  readonly level?: string;
  /** Default: stdout. */
  readonly destination?: DestinationStream;
}

const secretFields = ['password', 'authorization', 'cookie', 'secret', 'token'];
const censored = '[redacted]';

/**
 * JSON lines: `level` by name, `time` in ISO 8601, `service`, `instance`, and `trace_id` and `span_id` when
 * the line belongs to a request, sampled or not, or to another span. Fields with secret names are redacted, and so are the credentials of URLs in messages
 * and errors.
 */
export function createLogger(options: LoggerOptions): Logger {
  const { service, instance, level = 'info', destination = stdout() } = options;
  return pino(
    {
      level,
      base: { service, instance },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: {
        paths: secretFields.flatMap((field) => [field, `*.${field}`, `*.*.${field}`]),
        censor: censored,
      },
      serializers: { err: serializeError },
      mixin: traceIds,
      hooks: { streamWrite: withoutCredentials },
    },
    destination,
  );
}

let sharedStdout: DestinationStream | undefined;

/**
 * One for the whole process, so that lines stay in order. Synchronous, for the same reason: at the exit, an
 * asynchronous write in flight and the flush overtake each other. Lines are rare enough.
 */
function stdout(): DestinationStream {
  sharedStdout ??= pino.destination({ dest: 1, sync: true });
  return sharedStdout;
}

// A mixin rather than instrumentation-pino: it costs nothing when no line is written, and needs no hook.
function traceIds(): object {
  const context = trace.getActiveSpan()?.spanContext() ?? activeUnsampledTrace();
  if (context === undefined || !isSpanContextValid(context)) return {};
  return { trace_id: context.traceId, span_id: context.spanId };
}

function serializeError(error: unknown): unknown {
  return error instanceof Error ? pino.stdSerializers.err(error) : error;
}
