import { LineChart } from 'echarts/charts';
import { GridComponent, LegendComponent, TooltipComponent } from 'echarts/components';
import { type EChartsType, init, use } from 'echarts/core';
import { CanvasRenderer } from 'echarts/renderers';
import type { ChartSeries } from './chart.ts';

use([LineChart, GridComponent, LegendComponent, TooltipComponent, CanvasRenderer]);

export const createChart = (canvas: HTMLElement): EChartsType => init(canvas);

const palette = ['--accent', '--good', '--warn', '--bad', '--calm', '--text-faint'];

// `light-dark()` in a custom property is not resolved; on a real property it is.
function colorOf(host: Element, token: string): string {
  const probe = document.createElement('span');
  probe.style.color = `var(${token})`;
  host.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}

/** How lines over time look. */
export function linesOption(drawn: {
  readonly series: readonly ChartSeries[];
  readonly stacked: boolean;
  readonly format: (value: number) => string;
  readonly styles: CSSStyleDeclaration;
  readonly time: (time: number) => string;
}) {
  const { series, stacked, format, styles, time } = drawn;
  const color = (token: string): string => colorOf(document.body, token);
  const [text, line, raised] = [color('--text-faint'), color('--line'), color('--raised')];
  const textStyle = { color: text, fontFamily: styles.fontFamily, fontSize: 11 };
  return {
    animation: false,
    textStyle,
    color: palette.map(color),
    grid: { left: 8, right: 12, top: series.length > 1 ? 34 : 12, bottom: 4, containLabel: true },
    ...(series.length > 1
      ? {
          legend: {
            top: 0,
            left: 8,
            icon: 'roundRect',
            itemWidth: 10,
            itemHeight: 10,
            textStyle,
            type: 'scroll' as const,
          },
        }
      : {}),
    tooltip: {
      trigger: 'axis' as const,
      backgroundColor: raised,
      borderColor: line,
      textStyle: { ...textStyle, color: color('--text'), fontSize: 12 },
      axisPointer: { lineStyle: { color: line }, label: { show: false } },
      valueFormatter: (value: unknown) => (typeof value === 'number' ? format(value) : '–'),
    },
    xAxis: {
      type: 'time' as const,
      axisLine: { lineStyle: { color: line } },
      axisTick: { show: false },
      axisLabel: { color: text, hideOverlap: true },
      axisPointer: { label: { formatter: ({ value }: { value: number }) => time(value) } },
      splitLine: { show: false },
    },
    yAxis: {
      type: 'value' as const,
      min: 0,
      splitNumber: 4,
      axisLabel: { color: text, formatter: (value: number) => format(value) },
      splitLine: { lineStyle: { color: line } },
    },
    series: series.map(({ name, points, tone }) => ({
      type: 'line' as const,
      name,
      showSymbol: false,
      lineStyle: { width: 1.8 },
      ...(tone === undefined ? {} : { color: color(`--${tone}`) }),
      ...(stacked ? { stack: 'all', areaStyle: { opacity: 0.18 } } : {}),
      ...(series.length === 1 ? { areaStyle: { opacity: 0.1 } } : {}),
      data: points.map(({ time: at, value }) => [at, value]),
    })),
  };
}
