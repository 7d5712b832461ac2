import { expect, test } from 'vitest';
import { Telemetry } from '../../test/active-span.ts';
import { traceStep, traceStrongWrite } from './strong-write-span.ts';

const SPAN = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331', traceFlags: 1 };

async function write(): Promise<string> {
  traceStep('fenced');
  return 'written';
}

test('a strong write has a span where its request is recorded', async () => {
  const telemetry = Telemetry.install();
  telemetry.activate(SPAN);
  expect(await traceStrongWrite('shop', 'stock', async () => 'written')).toBe('written');
  expect(telemetry.spans).toMatchObject([
    {
      name: 'freshet.strong_write',
      attributes: { 'freshet.cache.service': 'shop', 'freshet.cache.entity': 'stock' },
      ended: true,
    },
  ]);
});

test('which ends when it fails', async () => {
  const telemetry = Telemetry.install();
  telemetry.activate(SPAN);
  const failing = traceStrongWrite('shop', 'stock', () => Promise.reject(new Error('sold out')));
  await expect(failing).rejects.toThrow('sold out');
  expect(telemetry.spans).toMatchObject([{ name: 'freshet.strong_write', ended: true }]);
});

test('without a request, and in one that is not recorded, there is none', async () => {
  const telemetry = Telemetry.install();
  expect(await traceStrongWrite('shop', 'stock', write)).toBe('written');
  telemetry.activate({ ...SPAN, traceFlags: 0 }, false);
  expect(await traceStrongWrite('shop', 'stock', write)).toBe('written');
  expect(telemetry.spans).toEqual([]);
});
