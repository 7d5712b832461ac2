import type { Random } from '../random.ts';

/** Draws ranks from 0 to `count` − 1, of which rank r comes up in proportion to 1 / (r + 1): few keys are hot, many are cold. */
export function zipf(count: number): (random: Random) => number {
  let sum = 0;
  const upTo = Array.from({ length: count }, (_, rank) => (sum += 1 / (rank + 1)));
  return (random) => {
    const drawn = random.next() * sum;
    let low = 0;
    let high = count - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((upTo[middle] ?? sum) <= drawn) low = middle + 1;
      else high = middle;
    }
    return low;
  };
}
