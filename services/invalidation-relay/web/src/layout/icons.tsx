import type { Level } from '../verdict/statement.ts';

const paths: Record<Level, string> = {
  fresh: 'm4.5 8.3 2.5 2.5 4.5-5',
  attention: 'M8 4.5v4.3M8 11.3v.2',
  unknown: 'M6 6.2a2 2 0 1 1 2.9 1.8c-.6.3-.9.7-.9 1.3M8 11.3v.2',
  stale: 'm5.3 5.3 5.4 5.4m0-5.4-5.4 5.4',
};

const shapes: Record<Level, string> = {
  fresh: 'M8 1.2a6.8 6.8 0 1 1 0 13.6A6.8 6.8 0 0 1 8 1.2Z',
  attention: 'M8 1.3 15.2 14H.8Z',
  unknown: 'M8 1.2a6.8 6.8 0 1 1 0 13.6A6.8 6.8 0 0 1 8 1.2Z',
  stale: 'M5.2 1.2h5.6l4 4v5.6l-4 4H5.2l-4-4V5.2Z',
};

/** Each level has a shape of its own: its colour is not what tells it. */
export function LevelIcon({ level }: { level: Level }) {
  return (
    <svg class="level-icon" data-level={level} viewBox="0 0 16 16" aria-hidden="true">
      <path class="shape" d={shapes[level]} />
      <path class="mark" d={paths[level]} />
    </svg>
  );
}
