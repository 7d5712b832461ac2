import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import type { HistoryRecord } from '../contract.ts';

/**
 * The records of a history, in the order in which they were written. A last line without an end was cut off by a crash, and
 * is left out. @throws when any other line is not JSON
 */
export async function* readHistory(file: string): AsyncGenerator<HistoryRecord> {
  const lines = createInterface({ input: createReadStream(file), crlfDelay: Number.POSITIVE_INFINITY });
  let previous: string | undefined;
  for await (const line of lines) {
    if (previous !== undefined) yield JSON.parse(previous);
    previous = line;
  }
  if (previous === undefined || previous === '') return;
  const last = parseWhole(previous);
  if (last !== undefined) yield last;
}

function parseWhole(line: string): HistoryRecord | undefined {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
