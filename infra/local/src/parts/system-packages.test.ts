import { expect, test } from 'vitest';
import { findProgram } from './find-program.ts';
import { installCommand } from './system-packages.ts';

test('a program is found by its absolute path, or not at all', async () => {
  expect(await findProgram('sh')).toMatch(/^\/.*\/sh$/);
  expect(await findProgram('freshet-no-such-program')).toBeUndefined();
});

test('each system is told in its own words what to install', () => {
  expect(installCommand(['redis-server', 'haproxy'], 'apt-get')).toBe(
    'sudo apt-get update && sudo apt-get install -y redis-server haproxy',
  );
  expect(installCommand(['redis-server', 'haproxy'], 'brew')).toBe('brew install redis haproxy');
  expect(installCommand(['redis-server'], 'dnf')).toBe('sudo dnf install -y redis');
  expect(installCommand(['prometheus', 'promtool'], 'apt-get'), 'one package for both').toBe(
    'sudo apt-get update && sudo apt-get install -y prometheus',
  );
});
