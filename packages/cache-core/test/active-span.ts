import {
  type Attributes,
  type Context,
  type ContextManager,
  context,
  ROOT_CONTEXT,
  type Span,
  type SpanContext,
  type SpanOptions,
  type Tracer,
  trace,
} from '@opentelemetry/api';
import { disposeAtEnd } from '@freshet/test-kit';

export interface StartedSpan {
  name: string;
  options: SpanOptions;
  parent: SpanContext | undefined;
  attributes: Attributes;
  ended: boolean;
}

/** The smallest OpenTelemetry that shows what the library does with it, for this test. */
export class Telemetry implements ContextManager {
  readonly spans: StartedSpan[] = [];
  #active: Context = ROOT_CONTEXT;

  static install(): Telemetry {
    const telemetry = new Telemetry();
    context.setGlobalContextManager(telemetry);
    trace.setGlobalTracerProvider({ getTracer: () => telemetry.#tracer });
    disposeAtEnd('Telemetry', async () => {
      context.disable();
      trace.disable();
    });
    return telemetry;
  }

  /** A span with this context becomes the active one; what is set on it is kept. */
  activate(spanContext: SpanContext, recording = true): Attributes {
    const attributes: Attributes = {};
    const span = Object.assign(trace.wrapSpanContext(spanContext), {
      isRecording: () => recording,
      setAttributes(this: Span, given: Attributes) {
        for (const [name, value] of Object.entries(given)) if (value !== undefined) attributes[name] = value;
        return this;
      },
      addEvent(this: Span, name: string, details: Attributes) {
        attributes[name] = JSON.stringify(details);
        return this;
      },
    });
    this.#active = trace.setSpan(ROOT_CONTEXT, span);
    return attributes;
  }

  active(): Context {
    return this.#active;
  }

  /** Of what `work` does at once; a promise goes on outside. */
  with: ContextManager['with'] = (active, work, self, ...args) => {
    const before = this.#active;
    this.#active = active;
    try {
      return work.call(self, ...args);
    } finally {
      this.#active = before;
    }
  };

  bind<T>(active: Context, target: T): T {
    if (typeof target !== 'function') return target;
    return ((...args: unknown[]) => this.with(active, target as never, undefined, ...(args as never[]))) as T;
  }

  enable(): this {
    return this;
  }

  disable(): this {
    return this;
  }

  readonly #tracer: Tracer = {
    startSpan: (name, options = {}, parent = ROOT_CONTEXT) => {
      const started: StartedSpan = {
        name,
        options,
        parent: trace.getSpanContext(parent),
        attributes: options.attributes ?? {},
        ended: false,
      };
      this.spans.push(started);
      return Object.assign(trace.wrapSpanContext({ traceId: '', spanId: '', traceFlags: 0 }), {
        end() {
          started.ended = true;
        },
      });
    },
    startActiveSpan: () => {
      throw new Error('Not used by the library.');
    },
  };
}
