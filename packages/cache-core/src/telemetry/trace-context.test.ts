import { trace } from '@opentelemetry/api';
import { expect, test } from 'vitest';
import { Telemetry } from '../../test/active-span.ts';
import { contextOf, currentTraceparent } from './trace-context.ts';

const TRACE_ID = '0af7651916cd43dd8448eb211c80319c';
const SPAN_ID = 'b7ad6b7169203331';
const TRACEPARENT = `00-${TRACE_ID}-${SPAN_ID}-01`;

test('the active span is written as W3C trace context says', () => {
  const telemetry = Telemetry.install();
  expect(currentTraceparent()).toBeUndefined();
  telemetry.activate({ traceId: TRACE_ID, spanId: SPAN_ID, traceFlags: 1 });
  expect(currentTraceparent()).toBe(TRACEPARENT);
});

test.each([
  ['not sampled', { traceId: TRACE_ID, spanId: SPAN_ID, traceFlags: 0 }],
  ['invalid', { traceId: '0'.repeat(32), spanId: SPAN_ID, traceFlags: 1 }],
  ['hostile', { traceId: "'; drop table", spanId: SPAN_ID, traceFlags: 1 }],
])('a span that is %s is not carried on', (_, spanContext) => {
  Telemetry.install().activate(spanContext);
  expect(currentTraceparent()).toBeUndefined();
});

test('flags of a later release do not reach the outbox', () => {
  Telemetry.install().activate({ traceId: TRACE_ID, spanId: SPAN_ID, traceFlags: 3 });
  expect(currentTraceparent()).toBe(TRACEPARENT);
});

test('what was written is read', () => {
  const context = contextOf(TRACEPARENT);
  expect(context && trace.getSpanContext(context)).toEqual({
    traceId: TRACE_ID,
    spanId: SPAN_ID,
    traceFlags: 1,
    isRemote: true,
  });
});

test.each([
  [undefined],
  [''],
  ['garbage'],
  [`00-${TRACE_ID}-${SPAN_ID}-00`],
  [`00-${TRACE_ID}-${SPAN_ID}-0`],
  [`00-${TRACE_ID}-${SPAN_ID}-01-more`],
  [`00-${TRACE_ID}-${SPAN_ID}-01\n`],
  [`01-${TRACE_ID}-${SPAN_ID}-01`],
  [`00-${TRACE_ID.toUpperCase()}-${SPAN_ID}-01`],
  [`00-${'0'.repeat(32)}-${SPAN_ID}-01`],
  [`00-${TRACE_ID}-${'0'.repeat(16)}-01`],
])('%j is no sampled trace', (traceparent) => {
  expect(contextOf(traceparent)).toBeUndefined();
});
