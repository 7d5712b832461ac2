import { readFile } from 'node:fs/promises';
import { describeConfig } from '@freshet/service-kit';
import { expect, it } from 'vitest';
import { variables } from '../src/config.ts';

/** The formatter pads the columns of tables. */
const unpadded = (text: string) => text.replaceAll(/ +/g, ' ').replaceAll(/-{3,}/g, '---');

it('the README lists the settings as they are', async () => {
  const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8');
  // The default of INSTANCE_NAME ends in something random.
  const table = describeConfig(variables).replace(/(-service)-[0-9a-f]+/, '$1-…');
  expect(unpadded(readme)).toContain(unpadded(table));
});
