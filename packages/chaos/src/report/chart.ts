import { parse, View } from 'vega';
import { compile, type TopLevelSpec } from 'vega-lite';
import type { Bucket, Series } from './series.ts';

const WIDTH = 760;
const PANEL_HEIGHT = 110;
const BOUND_MS = 2_000;
const BLUE = '#2f6f9f';
const LIGHT = '#9ec5e0';
const GREY = '#b8b8b8';
const RED = '#c8553d';
const SHADE = '#f2c14e';

type Panel = Extract<TopLevelSpec, { vconcat: unknown }>['vconcat'][number];
type Part = Extract<Panel, { layer: unknown }>['layer'][number];

interface Point {
  readonly at: number;
  readonly what: string;
  readonly value: number | null;
}

/** What is drawn of a bucket, and in which colour. */
type Drawn = readonly (readonly [what: string, colour: string, value: (bucket: Bucket) => number | null])[];

/** Latency, where reads were answered, staleness and errors of one run, one above the other; the faults' windows are shaded. */
export async function chartOf({ buckets, faults }: Series, title: string): Promise<string> {
  const shade: Part = {
    data: { values: faults.map((fault) => ({ ...fault })) },
    mark: { type: 'rect', color: SHADE, opacity: 0.25 },
    encoding: { x: { field: 'from', type: 'quantitative' }, x2: { field: 'until' } },
  };
  const bound: Part = {
    data: { values: [{ bound: BOUND_MS }] },
    mark: { type: 'rule', strokeDash: [4, 4], color: RED },
    encoding: { y: { field: 'bound', type: 'quantitative' } },
  };
  const panel = (text: string, ...layer: Part[]): Panel => ({
    title: text,
    width: WIDTH,
    height: PANEL_HEIGHT,
    layer,
    resolve: { scale: { color: 'independent' } },
  });
  const spec: TopLevelSpec = {
    title: { text: title, anchor: 'start', fontSize: 14 },
    background: 'white',
    padding: 8,
    config: {
      aria: false,
      view: { stroke: '#dddddd' },
      axis: { gridColor: '#eeeeee' },
      title: { anchor: 'start', fontSize: 11, fontWeight: 'normal' },
    },
    vconcat: [
      panel(
        'Latency of what was answered, ms',
        shade,
        drawn(
          buckets,
          [
            ['median', LIGHT, ({ medianMs }) => medianMs],
            ['99th percentile', BLUE, ({ p99Ms }) => p99Ms],
          ],
          'lines, logarithmic',
        ),
      ),
      panel(
        'Where reads were answered',
        drawn(
          buckets,
          [
            ['memory (L1)', BLUE, ({ layers }) => layers?.l1 ?? null],
            ['Redis (L2)', LIGHT, ({ layers }) => layers?.l2 ?? null],
            ['Postgres', GREY, ({ layers }) => layers?.origin ?? null],
          ],
          'stacked shares',
        ),
        shade,
      ),
      panel(
        `Most stale answer, ms (dashed: ${BOUND_MS}, which is promised)`,
        shade,
        drawn(buckets, [['staleness', BLUE, ({ stalenessMs }) => stalenessMs]], 'lines'),
        bound,
      ),
      panel(
        'Not answered well, per second (over seconds)',
        shade,
        drawn(
          buckets,
          [
            ['failed', GREY, ({ failed }) => failed],
            ['outcome unknown', RED, ({ unknown }) => unknown],
          ],
          'stacked',
        ),
      ),
    ],
  };
  const view = new View(parse(compile(spec).spec), { renderer: 'none' });
  try {
    return shorter(await view.toSVG());
  } finally {
    view.finalize();
  }
}

function drawn(
  buckets: readonly Bucket[],
  what: Drawn,
  how: 'lines' | 'lines, logarithmic' | 'stacked' | 'stacked shares',
): Part {
  const values: Point[] = buckets.flatMap((bucket) =>
    what.map(([name, , value]) => ({ at: bucket.at, what: name, value: value(bucket) })),
  );
  const names = what.map(([name]) => name);
  const isStacked = how.startsWith('stacked');
  return {
    data: { values },
    mark: isStacked ? { type: 'area', interpolate: 'step-after' } : { type: 'line', strokeWidth: 1.5 },
    encoding: {
      x: { field: 'at', type: 'quantitative', title: null, axis: { grid: false } },
      y: {
        field: 'value',
        type: 'quantitative',
        title: null,
        stack: isStacked ? 'zero' : null,
        ...(how === 'stacked shares' ? { scale: { domain: [0, 1] }, axis: { format: '%' } } : {}),
        ...(how === 'lines, logarithmic'
          ? { scale: { type: 'log' }, axis: { grid: false, tickCount: 4 } }
          : {}),
      },
      // A legend of one says nothing.
      color: {
        field: 'what',
        type: 'nominal',
        sort: names,
        scale: { domain: names, range: what.map(([, colour]) => colour) },
        legend: names.length > 1 ? { title: null, orient: 'right' } : null,
      },
    },
  };
}

/** A tenth of a pixel is enough, and an image needs no attributes for the elements of a page: together half of its size. */
function shorter(svg: string): string {
  return svg
    .replaceAll(/\d+\.\d{2,}/g, (number) => String(Math.round(Number(number) * 10) / 10))
    .replaceAll(/ (?:role|aria-\w+|pointer-events|class)="[^"]*"/g, '')
    .replaceAll(/<path[^>]* (?:d=""|display="none")[^>]*\/>/g, '');
}
