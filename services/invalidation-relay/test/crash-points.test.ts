import { eventually } from '@freshet/test-kit';
import { expect, test } from 'vitest';
import { CRASH_POINTS, type CrashPoint } from '../src/faults/faults.ts';
import { createRelayFixture, type RelayFixture } from './relay-fixture.ts';
import { startRelayProcess } from './relay-process.ts';

const startCrashing = (fixture: RelayFixture, crashAt: CrashPoint) =>
  startRelayProcess(fixture, { INSTANCE_NAME: 'crashing-relay', FRESHET_CRASH_AT: crashAt });

async function blessing(fixture: RelayFixture) {
  const { rows } = await fixture.db.query<{ number: number; finished: boolean }>(
    'select number::int, finished_at is not null as finished from freshet.blessing order by number',
  );
  return rows;
}

const IN_THE_DRAIN = ['before-drop', 'after-drop', 'after-append', 'before-mark', 'before-commit'] as const;

test.each(IN_THE_DRAIN)('killed %s: another relay takes the rows over', async (point) => {
  const fixture = await createRelayFixture();
  const crashing = await startCrashing(fixture, point);
  await fixture.untilBlessed();
  await fixture.cacheEntry('user:profile:ann', '1');
  await fixture.db.query(`insert into profiles (id, name) values ('ann', 'Ann')`);
  await expect(crashing.exited).resolves.toMatchObject({ signal: 'SIGKILL' });

  const dropped = point !== 'before-drop';
  const appended = dropped && point !== 'after-drop';
  expect(await fixture.redis.exists('user:profile:ann')).toBe(dropped ? 0 : 1);
  expect(await fixture.logEntries()).toHaveLength(appended ? 1 : 0);
  expect(await fixture.pending()).toBe(1);
  // Somebody reads meanwhile: what the dead relay dropped may be there again.
  await fixture.cacheEntry('user:profile:ann', '1');

  fixture.startRelay({ name: 'other' });
  await fixture.untilDrained();
  expect(await fixture.redis.exists('user:profile:ann')).toBe(0);
  expect(await fixture.logEntries()).toHaveLength(appended ? 2 : 1);
  const { rows } = await fixture.db.query('select attempts from freshet.invalidation_outbox');
  expect(rows, 'a crash is no failed attempt').toEqual([{ attempts: 0 }]);
});

test('killed before-watermark: another relay moves it on', async () => {
  const fixture = await createRelayFixture();
  const crashing = await startCrashing(fixture, 'before-watermark');
  await expect(crashing.exited).resolves.toMatchObject({ signal: 'SIGKILL' });
  const { asOf } = await fixture.protocol.status();
  fixture.startRelay({ name: 'other' });
  await eventually(async () => ((await fixture.protocol.status()).asOf ?? 0) > (asOf ?? 0), {
    what: 'the watermark moves',
  });
  expect(await blessing(fixture)).toHaveLength(1);
});

test.each(['after-record-blessing', 'before-bless'] as const)(
  'killed %s: another relay leaves the blessing alone for a while, then takes the next number',
  async (point) => {
    const fixture = await createRelayFixture();
    const crashing = await startCrashing(fixture, point);
    await expect(crashing.exited).resolves.toMatchObject({ signal: 'SIGKILL' });
    expect(await blessing(fixture)).toEqual([{ number: 1, finished: false }]);
    expect(await fixture.protocol.status()).toMatchObject({ blessed: false });

    const other = fixture.startRelay({ name: 'other' });
    await eventually(() => other.relay.state.blessing?.do === 'leave-alone', {
      what: 'the other relay leaves the unfinished blessing alone',
    });
    expect(await fixture.untilBlessed()).toBe(2);
    await eventually(async () => (await blessing(fixture))[1]?.finished ?? false, {
      what: 'it is written down',
    });
  },
);

test('killed after-bless: another relay writes down that it is finished', async () => {
  const fixture = await createRelayFixture();
  const crashing = await startCrashing(fixture, 'after-bless');
  await expect(crashing.exited).resolves.toMatchObject({ signal: 'SIGKILL' });
  expect(await fixture.protocol.status()).toMatchObject({ blessed: true, blessing: 1 });
  fixture.startRelay({ name: 'other' });
  await eventually(async () => (await blessing(fixture))[0]?.finished ?? false, {
    what: 'it is written down',
  });
  expect(await blessing(fixture)).toEqual([{ number: 1, finished: true }]);
});

test('every crash point has a test here', () => {
  const tested = [
    ...IN_THE_DRAIN,
    'before-watermark',
    'after-record-blessing',
    'before-bless',
    'after-bless',
  ];
  expect(tested.toSorted()).toEqual([...CRASH_POINTS].toSorted());
});
