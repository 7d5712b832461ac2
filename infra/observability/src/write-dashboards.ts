// `pnpm --filter @freshet/observability dashboards`: the JSON that Grafana reads, from its description.
import { writeFile } from 'node:fs/promises';
import { fileOf, textOf } from './dashboards/files.ts';
import { dashboards } from './dashboards/index.ts';

await Promise.all(dashboards.map((dashboard) => writeFile(fileOf(dashboard), textOf(dashboard))));
