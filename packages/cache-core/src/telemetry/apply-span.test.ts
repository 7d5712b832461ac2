import { SpanKind } from '@opentelemetry/api';
import { expect, test } from 'vitest';
import { Telemetry } from '../../test/active-span.ts';
import type { LogEntry } from '../log/log-entry.ts';
import { traceApply } from './apply-span.ts';

const ENTRY: LogEntry = { kind: 'key', key: 'shop:item:1', version: '7' };
const TRACE_ID = '0af7651916cd43dd8448eb211c80319c';
const SPAN_ID = 'b7ad6b7169203331';

test('a sampled change shows in its trace that this replica has applied it', () => {
  const telemetry = Telemetry.install();
  let applied = 0;
  traceApply({ ...ENTRY, traceparent: `00-${TRACE_ID}-${SPAN_ID}-01` }, 'replica', () => {
    applied++;
    expect(telemetry.spans[0]?.ended).toBe(false);
  });
  expect(applied).toBe(1);
  expect(telemetry.spans).toEqual([
    {
      name: 'freshet.replica.apply',
      options: expect.objectContaining({ kind: SpanKind.CONSUMER }),
      parent: expect.objectContaining({ traceId: TRACE_ID, spanId: SPAN_ID, isRemote: true }),
      attributes: {
        'freshet.cache.service': 'shop',
        'freshet.cache.entity': 'item',
        'freshet.replica.id': 'replica',
        'freshet.invalidation.kind': 'key',
      },
      ended: true,
    },
  ]);
});

test.each([[undefined], ['garbage'], [`00-${TRACE_ID}-${SPAN_ID}-00`]])(
  'a change with trace %j is applied without a span',
  (traceparent) => {
    const telemetry = Telemetry.install();
    let applied = 0;
    const traced = traceparent === undefined ? {} : { traceparent };
    traceApply({ ...ENTRY, ...traced }, 'replica', () => applied++);
    expect(applied).toBe(1);
    expect(telemetry.spans).toEqual([]);
  },
);
