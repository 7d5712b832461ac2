import type { Builder } from '@grafana/grafana-foundation-sdk/cog';
import {
  BigValueColorMode,
  BigValueGraphMode,
  LegendDisplayMode,
  LegendPlacement,
  ReduceDataOptionsBuilder,
  StackingConfigBuilder,
  StackingMode,
  VizLegendOptionsBuilder,
} from '@grafana/grafana-foundation-sdk/common';
import {
  type Dashboard,
  DashboardBuilder,
  DashboardCursorSync,
  DashboardLinkBuilder,
  DashboardLinkType,
  DatasourceVariableBuilder,
  type Panel as GrafanaPanel,
  QueryVariableBuilder,
  RowBuilder,
  ThresholdsConfigBuilder,
  ThresholdsMode,
  VariableRefresh,
  VariableSort,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { DataqueryBuilder, PromQueryFormat } from '@grafana/grafana-foundation-sdk/prometheus';
import { PanelBuilder as StatBuilder } from '@grafana/grafana-foundation-sdk/stat';
import { PanelBuilder as TableBuilder } from '@grafana/grafana-foundation-sdk/table';
import { PanelBuilder as TimeseriesBuilder } from '@grafana/grafana-foundation-sdk/timeseries';
import type { DashboardDescription, Panel, Query, Variable } from './description.ts';

/** Chosen on the dashboard, so that an imported one finds whatever the Prometheus is called there. */
const datasource = { type: 'prometheus', uid: '${datasource}' };
const heights: Record<Panel['form'], number> = { number: 4, lines: 8, areas: 8, list: 6 };

/** The dashboard as Grafana's own types have it. */
export function toGrafana({ uid, title, about, variables, rows }: DashboardDescription): Dashboard {
  const builder = new DashboardBuilder(title)
    .uid(uid)
    .description(about)
    .tags(['freshet'])
    .timezone('browser')
    .time({ from: 'now-30m', to: 'now' })
    .refresh('5s')
    .tooltip(DashboardCursorSync.Crosshair)
    .link(
      new DashboardLinkBuilder('Freshet')
        .type(DashboardLinkType.Dashboards)
        .tags(['freshet'])
        .asDropdown(false)
        .includeVars(true)
        .keepTime(true),
    )
    .withVariable(new DatasourceVariableBuilder('datasource').label('Prometheus').type('prometheus'));
  for (const variable of variables) builder.withVariable(variableOf(variable));
  let id = 0;
  for (const row of rows) {
    builder.withRow(new RowBuilder(row.title).id(++id));
    for (const panel of row.panels) builder.withPanel(panelOf(panel, ++id));
  }
  return builder.build();
}

function variableOf({ name, query }: Variable): QueryVariableBuilder {
  return (
    new QueryVariableBuilder(name)
      .label(name)
      .datasource(datasource)
      .query({ query, refId: name })
      .definition(query)
      .refresh(VariableRefresh.OnTimeRangeChanged)
      // oxlint-disable-next-line unicorn/no-array-sort -- an option of Grafana's, not a sort
      .sort(VariableSort.AlphabeticalAsc)
      .multi(true)
      .includeAll(true)
      .allValue('.+')
      .current({ text: 'All', value: '$__all', selected: true })
  );
}

function panelOf(panel: Panel, id: number): Builder<GrafanaPanel> {
  const builder = emptyPanel(panel.form)
    .id(id)
    .title(panel.title)
    .description(panel.about)
    .datasource(datasource)
    .span(panel.width)
    .height(heights[panel.form])
    .unit(panel.unit)
    .min(0)
    .thresholds(thresholdsOf(panel));
  if (panel.max !== undefined) builder.max(panel.max);
  if (panel.decimals !== undefined) builder.decimals(panel.decimals);
  for (const [index, query] of panel.queries.entries()) {
    builder.withTarget(queryOf(query, panel.form, String.fromCodePoint(65 + index)));
  }
  return builder;
}

function emptyPanel(form: Panel['form']): StatBuilder | TableBuilder | TimeseriesBuilder {
  switch (form) {
    case 'number':
      return new StatBuilder()
        .colorMode(BigValueColorMode.Background)
        .graphMode(BigValueGraphMode.None)
        .reduceOptions(new ReduceDataOptionsBuilder().calcs(['lastNotNull']));
    case 'list':
      return new TableBuilder().noValue('none');
    case 'lines':
      return linesOverTime();
    case 'areas':
      return linesOverTime()
        .fillOpacity(60)
        .stacking(new StackingConfigBuilder().mode(StackingMode.Normal).group('A'));
  }
}

function linesOverTime(): TimeseriesBuilder {
  return new TimeseriesBuilder()
    .lineWidth(1)
    .legend(
      new VizLegendOptionsBuilder()
        .displayMode(LegendDisplayMode.List)
        .placement(LegendPlacement.Bottom)
        .showLegend(true),
    );
}

function thresholdsOf({ colours = [] }: Panel): ThresholdsConfigBuilder {
  const steps = colours.map(({ from, colour }) => ({ value: from, color: colour }));
  return new ThresholdsConfigBuilder()
    .mode(ThresholdsMode.Absolute)
    .steps([{ value: null, color: 'green' }, ...steps]);
}

function queryOf({ expr, legend }: Query, form: Panel['form'], refId: string): DataqueryBuilder {
  const query = new DataqueryBuilder().datasource(datasource).refId(refId).expr(expr).legendFormat(legend);
  if (form === 'lines' || form === 'areas') return query.range();
  return query.instant().format(form === 'list' ? PromQueryFormat.Table : PromQueryFormat.TimeSeries);
}
