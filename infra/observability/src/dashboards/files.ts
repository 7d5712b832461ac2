import type { DashboardDescription } from './description.ts';
import { toGrafana } from './to-grafana.ts';

export const folder = new URL('../../grafana/dashboards/', import.meta.url);

export function fileOf({ uid }: DashboardDescription): URL {
  return new URL(`${uid}.json`, folder);
}

export function textOf(dashboard: DashboardDescription): string {
  return `${JSON.stringify(toGrafana(dashboard), null, 2)}\n`;
}
