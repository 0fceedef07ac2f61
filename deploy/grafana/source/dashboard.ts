import {
  type Dashboard,
  DashboardBuilder,
  DashboardCursorSync,
  DashboardLinkBuilder,
  DashboardLinkType,
  DatasourceVariableBuilder,
  QueryVariableBuilder,
  RowBuilder,
  VariableRefresh,
  VariableSort,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { type Figure, figure, type Graph, graph, prometheus } from './panel.ts';

/** A dashboard as its file describes it. */
export interface Plan {
  readonly uid: string;
  readonly title: string;
  readonly about: string;
  /** By name: which values of which label can be chosen. */
  readonly variables: Readonly<Record<string, string>>;
  readonly figures: readonly Figure[];
  /** By the title of their row. */
  readonly graphs: Readonly<Record<string, readonly Graph[]>>;
}

/** The tag by which the dashboards find each other. */
const tag = 'keymux';

/** What Grafana imports. */
export function dashboardOf(plan: Plan): Dashboard {
  const builder = new DashboardBuilder(plan.title)
    .uid(plan.uid)
    .description(plan.about)
    .tags([tag])
    .annotations([])
    .time({ from: 'now-3h', to: 'now' })
    .refresh('30s')
    .tooltip(DashboardCursorSync.Crosshair)
    .link(
      new DashboardLinkBuilder('Keymux')
        .type(DashboardLinkType.Dashboards)
        .tags([tag])
        .includeVars(true)
        .keepTime(true),
    )
    .withVariable(
      new DatasourceVariableBuilder('datasource').label('Prometheus').type('prometheus'),
    );
  for (const [name, query] of Object.entries(plan.variables)) {
    builder.withVariable(
      new QueryVariableBuilder(name)
        .label(name)
        .datasource(prometheus)
        .query(query)
        .definition(query)
        .refresh(VariableRefresh.OnTimeRangeChanged)
        .sort(VariableSort.AlphabeticalAsc)
        .multi(true)
        .includeAll(true)
        // A regular expression for all, not a list of them, which may be long.
        .allValue('.*')
        .current({ selected: true, text: ['All'], value: ['$__all'] }),
    );
  }
  for (const each of plan.figures) builder.withPanel(figure(each));
  for (const [title, graphs] of Object.entries(plan.graphs)) {
    builder.withRow(new RowBuilder(title));
    for (const each of graphs) builder.withPanel(graph(each));
  }
  return numbered(builder.build());
}

/** Grafana gives panels without a number one at each import, and links to a panel break. */
function numbered(dashboard: Dashboard): Dashboard {
  dashboard.panels?.forEach((panel, at) => {
    panel.id = at + 1;
  });
  return dashboard;
}
