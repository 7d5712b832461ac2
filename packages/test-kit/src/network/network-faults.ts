export type Direction = 'toServer' | 'toClient';

const directions: readonly Direction[] = ['toServer', 'toClient'];

/** What happens to the bytes of one direction, on every connection of a proxy. */
export interface Lane {
  mode: 'flow' | 'hold' | 'drop';
  delayMs: number;
}

/** The faults that are on, which all connections of a proxy look at, and what they did. */
export class NetworkFaults {
  readonly lanes: Record<Direction, Lane> = {
    toServer: { mode: 'flow', delayMs: 0 },
    toClient: { mode: 'flow', delayMs: 0 },
  };
  readonly watchers = new Set<(chunk: Buffer, direction: Direction) => void>();
  heldBytes = 0;
  droppedBytes = 0;
  delayedBytes = 0;

  setMode(mode: Lane['mode'], direction?: Direction): void {
    for (const each of directions) {
      if (direction === undefined || direction === each) this.lanes[each].mode = mode;
    }
  }

  setDelay(delayMs: number, direction?: Direction): void {
    for (const each of directions) {
      if (direction === undefined || direction === each) this.lanes[each].delayMs = delayMs;
    }
  }
}
