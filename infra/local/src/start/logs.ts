import { createWriteStream, type WriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';

export interface Logs {
  readonly folder: string;
  /** What takes the lines of one process into `<folder>/<name>.log`, over its restarts; new with each start of the system. */
  of(name: string): (line: string) => void;
}

export async function openLogs(stateFolder: string): Promise<Logs> {
  const folder = join(stateFolder, 'logs');
  await mkdir(folder, { recursive: true });
  const streams = new Map<string, WriteStream>();
  return {
    folder,
    of(name) {
      const stream = streams.get(name) ?? openLog(join(folder, `${name}.log`));
      streams.set(name, stream);
      return (line) => stream.write(`${line}\n`);
    },
  };
}

function openLog(path: string): WriteStream {
  const stream = createWriteStream(path);
  // A full disk must not end the system; that lines are missing will be seen.
  stream.on('error', () => {});
  return stream;
}
