import { eventually, startFaultProxy, startOtlpReceiver } from '@freshet/test-kit';
import { expect, test } from 'vitest';
import { createRelayFixture } from './relay-fixture.ts';
import { startRelayProcess } from './relay-process.ts';

const TRACE_ID = '0af7651916cd43dd8448eb211c80319c';
const WRITER_SPAN_ID = 'b7ad6b7169203331';

test('the fan-out of a row is a span in the writer’s trace, and the replicas hang below it', async () => {
  const [fixture, receiver] = await Promise.all([createRelayFixture(), startOtlpReceiver()]);
  await startRelayProcess(fixture, {
    OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
    OTEL_BSP_SCHEDULE_DELAY: '50',
  });
  await fixture.untilBlessed();
  await fixture.db.query(`
    begin;
    set local freshet.traceparent = '00-${TRACE_ID}-${WRITER_SPAN_ID}-01';
    insert into profiles (id, name) values ('secret-id', 'Ann');
    commit`);
  await fixture.untilDrained();

  const [span] = await receiver.waitForSpans(({ name }) => name === 'freshet.relay.fan_out', {
    what: 'the fan-out',
  });
  expect(span).toMatchObject({
    traceId: TRACE_ID,
    parentSpanId: WRITER_SPAN_ID,
    attributes: {
      'freshet.domain': 'user',
      'freshet.cache.service': 'user',
      'freshet.cache.entity': 'profile',
    },
  });
  expect(JSON.stringify(span?.attributes), 'ids stay out of traces').not.toContain('secret-id');
  expect(await fixture.logEntries()).toMatchObject([{ tp: `00-${TRACE_ID}-${span?.spanId}-01` }]);
  const strays = receiver.spans().filter(({ traceId }) => traceId !== TRACE_ID);
  expect(
    strays.map(({ name }) => name),
    'polling makes no spans, nor does the queue',
  ).toEqual([]);
});

test('what the relay does is at /metrics, and it ends in order on SIGTERM', async () => {
  const fixture = await createRelayFixture();
  let url = '';
  const relay = await startRelayProcess(fixture, {}, (line) => {
    url = /"url":"([^"]+)"/.exec(line)?.[1] ?? '';
    return line.includes('"msg":"listening"');
  });
  await fixture.untilBlessed();
  await fixture.db.query(`insert into profiles (id, name) values ('ann', 'Ann'), ('bob', 'Bob')`);
  await fixture.untilDrained();
  const expected = [
    'freshet_invalidations_applied_total{domain="user"} 2',
    'freshet_commit_to_applied_seconds_count{domain="user"} 2',
    'freshet_outbox_pending_rows{domain="user"}',
    'freshet_outbox_oldest_age_seconds{domain="user"}',
    'freshet_watermark_age_seconds{domain="user"}',
    'freshet_domain_blessed{domain="user"} 1',
    'freshet_cached_table_problems{domain="user"} 0',
  ];
  await eventually(
    async () => {
      const metrics = await (await fetch(`${url}/metrics`)).text();
      for (const line of expected) expect(metrics).toContain(line);
    },
    { what: 'the metrics say so' },
  );
  await expect(relay.stop()).resolves.toMatchObject({ code: 0 });
});

test('an outage is not hidden behind the values from before it', async () => {
  const fixture = await createRelayFixture();
  const proxy = await startFaultProxy({ url: fixture.databaseUrl });
  let url = '';
  await startRelayProcess(fixture, { USER_DATABASE_URL: proxy.url }, (line) => {
    url = /"url":"([^"]+)"/.exec(line)?.[1] ?? '';
    return line.includes('"msg":"listening"');
  });
  const metric = async (name: string): Promise<number> => {
    const text = await (await fetch(`${url}/metrics`)).text();
    return Number(new RegExp(`^${name}\\{domain="user"\\} (\\S+)`, 'm').exec(text)?.[1] ?? -1);
  };
  const healthy = async (): Promise<void> => {
    expect(await metric('freshet_watermark_age_seconds')).toBeGreaterThanOrEqual(0);
    expect(await metric('freshet_outbox_pending_rows')).toBe(0);
  };
  await eventually(healthy, { what: 'both are measured' });
  await proxy.refuse();
  proxy.cut();
  await eventually(async () => expect(await metric('freshet_watermark_age_seconds')).toBeGreaterThan(3), {
    what: 'the age of the watermark grows',
  });
  await eventually(async () => expect(await metric('freshet_outbox_pending_rows')).toBeNaN(), {
    what: 'nobody knows what is pending',
    deadlineMs: 20_000,
  });
  await proxy.accept();
  await eventually(
    async () => {
      await healthy();
      expect(await metric('freshet_watermark_age_seconds')).toBeLessThan(3);
    },
    { what: 'both are measured again', deadlineMs: 20_000 },
  );
});
