import {
  BigValueGraphMode,
  LegendDisplayMode,
  LegendPlacement,
  ReduceDataOptionsBuilder,
  SortOrder,
  StackingMode,
  TooltipDisplayMode,
  StackingConfigBuilder,
  VizLegendOptionsBuilder,
  VizTooltipOptionsBuilder,
} from '@grafana/grafana-foundation-sdk/common';
import {
  type Threshold,
  ThresholdsConfigBuilder,
  ThresholdsMode,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { DataqueryBuilder } from '@grafana/grafana-foundation-sdk/prometheus';
import { PanelBuilder as StatBuilder } from '@grafana/grafana-foundation-sdk/stat';
import { PanelBuilder as GraphBuilder } from '@grafana/grafana-foundation-sdk/timeseries';

/** The Prometheus that is chosen at the top of a dashboard. */
export const prometheus = { type: 'prometheus', uid: '${datasource}' };

/** Names of Grafana's units. */
type Unit = 'short' | 'reqps' | 'cps' | 's' | 'percentunit' | 'bytes';

interface About {
  readonly title: string;
  /** What it tells, and when it shows nothing. */
  readonly about: string;
  readonly unit: Unit;
}

/** A number with its recent past behind it. */
export interface Figure extends About {
  readonly query: string;
  /** From these values on it is yellow, and red. */
  readonly warn?: number;
  readonly alarm?: number;
}

/** Lines over time. */
export interface Graph extends About {
  /** By what a line is called; `{{label}}` stands for the value of a label. */
  readonly lines: Readonly<Record<string, string>>;
  readonly stacked?: true;
}

/** Six stand in a line. */
export function figure({ title, about, unit, query, warn, alarm }: Figure): StatBuilder {
  const steps: Threshold[] = [{ value: null, color: alarm === undefined ? 'blue' : 'green' }];
  if (warn !== undefined) steps.push({ value: warn, color: 'yellow' });
  if (alarm !== undefined) steps.push({ value: alarm, color: 'red' });
  return new StatBuilder()
    .title(title)
    .description(about)
    .datasource(prometheus)
    .unit(unit)
    .graphMode(BigValueGraphMode.Area)
    .reduceOptions(new ReduceDataOptionsBuilder().calcs(['lastNotNull']))
    .thresholds(new ThresholdsConfigBuilder().mode(ThresholdsMode.Absolute).steps(steps))
    .span(4)
    .height(4)
    .withTarget(target(query, title, 0));
}

/** Two stand in a line. */
export function graph({ title, about, unit, lines, stacked }: Graph): GraphBuilder {
  const builder = new GraphBuilder()
    .title(title)
    .description(about)
    .datasource(prometheus)
    .unit(unit)
    .min(0)
    .fillOpacity(stacked === undefined ? 5 : 30)
    .stacking(
      new StackingConfigBuilder().mode(
        stacked === undefined ? StackingMode.None : StackingMode.Normal,
      ),
    )
    .legend(
      new VizLegendOptionsBuilder()
        .showLegend(true)
        .displayMode(LegendDisplayMode.Table)
        .placement(LegendPlacement.Right)
        .calcs(['lastNotNull', 'max']),
    )
    .tooltip(
      new VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Multi).sort(SortOrder.Descending),
    )
    .span(12)
    .height(8);
  Object.entries(lines).forEach(([legend, query], at) => {
    builder.withTarget(target(query, legend, at));
  });
  return builder;
}

function target(query: string, legend: string, at: number): DataqueryBuilder {
  return new DataqueryBuilder()
    .datasource(prometheus)
    .expr(query)
    .legendFormat(legend)
    .range()
    .refId(String.fromCodePoint('A'.charCodeAt(0) + at));
}
