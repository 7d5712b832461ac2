import { chmod, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { type Apt, installWithApt } from './apt.ts';
import { temporaryFolder } from './folders.ts';

interface FakeApt extends Apt {
  readonly calls: () => Promise<string[]>;
}

/** A stand-in for apt-get that writes down how it was called, and what the policy said at that moment. */
async function fakeApt(lastLine: string): Promise<FakeApt> {
  const folder = await temporaryFolder('apt-test');
  onTestFinished(() => rm(folder, { recursive: true }));
  const program = join(folder, 'apt-get');
  const policyFile = join(folder, 'policy-rc.d');
  const log = join(folder, 'log');
  await writeFile(
    program,
    `#!/bin/sh
policy=none
if [ -x ${policyFile} ]; then ${policyFile}; policy=$?; fi
echo "$* | $DEBIAN_FRONTEND | policy $policy" >> ${log}
${lastLine}
`,
    { mode: 0o755 },
  );
  return { program, policyFile, calls: async () => (await readFile(log, 'utf8')).trim().split('\n') };
}

const options = '-q -y -o DPkg::Lock::Timeout=120';

test('packages are installed after an update, and their services are not started', async () => {
  const apt = await fakeApt('exit 0');
  await installWithApt(['redis-server', 'haproxy'], apt);
  expect(await apt.calls()).toEqual([
    `${options} update | noninteractive | policy none`,
    `${options} install --no-install-recommends redis-server haproxy | noninteractive | policy 101`,
  ]);
  await expect(stat(apt.policyFile)).rejects.toMatchObject({ code: 'ENOENT' });
});

test('a policy that was there is put back, also after a failure', async () => {
  const apt = await fakeApt('case "$*" in *install*) echo "no space left" >&2; exit 100;; esac');
  await writeFile(apt.policyFile, '#!/bin/sh\nexit 104\n');
  await chmod(apt.policyFile, 0o750);
  await expect(installWithApt(['haproxy'], apt)).rejects.toMatchObject({
    code: 'FRESHET_LOCAL_INSTALL_FAILED',
    message: expect.stringContaining('no space left') as string,
  });
  expect((await apt.calls()).at(-1)).toContain('policy 101');
  expect(await readFile(apt.policyFile, 'utf8')).toBe('#!/bin/sh\nexit 104\n');
  expect((await stat(apt.policyFile)).mode & 0o777).toBe(0o750);
});
