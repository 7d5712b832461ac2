import { readFileSync } from 'node:fs';
import type { ServiceName, SystemDescription } from '@freshet/local/system';
import type { Target } from '../contract.ts';
import { liveTarget } from './live-target.ts';
import type { OwnControl, ProcessKind, ProcessUnderTest, SystemUnderTest } from './system-under-test.ts';

/**
 * A system that `npm start` runs, by its `system.json`. The file is read again at each use: the launcher keeps it up to date.
 * What stops it is whoever started it.
 *
 * @throws when there is no such file
 */
export function attachSystem(file: string): SystemUnderTest {
  const read = (): SystemDescription => JSON.parse(readFileSync(file, 'utf8')) as SystemDescription;
  const first = read();
  return {
    target: targetOf(read),
    capabilities: new Set(['processes', 'lone-redis']),
    postgres: first.postgres,
    redisQueue: first.redisQueue,
    processes: (...kinds) =>
      processesOf(read).filter(({ kind }) => kinds.length === 0 || kinds.includes(kind)),
    get own(): OwnControl {
      throw new Error('This system was started by somebody else.');
    },
    stop: () => Promise.resolve(),
    killAll() {},
  };
}

function targetOf(read: () => SystemDescription): Target {
  return liveTarget(
    (...services: ServiceName[]) =>
      read().processes.filter(({ service }) => services.some((wanted) => wanted === service)),
    {
      gateway: () => read().gateway,
      postgres: () => read().postgres,
      redisCache: () => read().redisCache,
    },
  );
}

function processesOf(read: () => SystemDescription): ProcessUnderTest[] {
  const { processes, infrastructure } = read();
  const pidOf = (name: string): number | undefined => {
    const now = read();
    const pid = [...now.processes, ...now.infrastructure].find((process) => process.name === name)?.pid;
    return pid === 0 ? undefined : pid;
  };
  return [
    ...processes.map(({ name, service, url }) => ({
      name,
      kind: service as ServiceName,
      url,
      pid: () => pidOf(name),
    })),
    ...infrastructure.map(({ name }) => ({ name, kind: name as ProcessKind, pid: () => pidOf(name) })),
  ];
}
