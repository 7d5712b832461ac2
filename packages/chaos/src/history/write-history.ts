import { createWriteStream } from 'node:fs';
import { finished } from 'node:stream/promises';
import type { HistoryRecord, HistoryWriter } from '../contract.ts';

/** Lines are handed to the file in pieces of about this size: a write for each would cost more than the load itself. */
const PIECE_CHARACTERS = 64 * 1024;

/** Begins a history in a new file. @throws when the file exists: a history is never written over */
export function writeHistory(file: string): HistoryWriter {
  const stream = createWriteStream(file, { flags: 'wx' });
  const done = finished(stream);
  // Told to whoever closes it.
  done.catch(() => {});
  let piece = '';
  return {
    append(record) {
      piece += `${JSON.stringify(record, shortTimes)}\n`;
      if (piece.length < PIECE_CHARACTERS) return;
      stream.write(piece);
      piece = '';
    },
    async close() {
      stream.end(piece);
      piece = '';
      await done;
    },
  };
}

/** Microseconds are enough, and a third of the file. */
function shortTimes(this: HistoryRecord, name: string, value: unknown): unknown {
  return typeof value === 'number' && (name === 'start' || name === 'end' || name === 'at')
    ? Math.round(value * 1_000) / 1_000
    : value;
}
