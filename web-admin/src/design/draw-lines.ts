import { LineChart, type LineSeriesOption } from 'echarts/charts';
import { GridComponent, TooltipComponent } from 'echarts/components';
import { type EChartsType, init, use } from 'echarts/core';
import { CanvasRenderer } from 'echarts/renderers';
import type { ChartSeries } from './chart.ts';
import { drawnPoints } from './chart-points.ts';
import { toneTokens } from './chart-tones.ts';

use([LineChart, GridComponent, TooltipComponent, CanvasRenderer]);

export const createChart = (canvas: HTMLElement): EChartsType => init(canvas);

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
  readonly format: (value: number) => string;
  readonly styles: CSSStyleDeclaration;
  readonly time: (time: number) => string;
  readonly tick: (time: number) => string;
}) {
  const { series, format, styles, time, tick } = drawn;
  const color = (token: string): string => colorOf(document.body, token);
  const [text, line, raised] = [color('--text-faint'), color('--line'), color('--raised')];
  const textStyle = { color: text, fontFamily: styles.fontFamily, fontSize: 11 };
  return {
    animation: false,
    textStyle,
    grid: { left: 2, right: 10, top: 8, bottom: 2, containLabel: true },
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
      axisLabel: { ...textStyle, hideOverlap: true, formatter: tick },
      axisPointer: { label: { formatter: ({ value }: { value: number }) => time(value) } },
      splitLine: { show: false },
    },
    yAxis: {
      type: 'value' as const,
      min: 0,
      splitNumber: 4,
      // Of one request or key there is no third.
      minInterval: 1,
      axisLabel: {
        ...textStyle,
        formatter: (value: number) => (value === 0 ? '0' : format(value)),
      },
      splitLine: { lineStyle: { color: line } },
    },
    series: series.flatMap((each) => linesOf(each, color(toneTokens[each.tone]), series.length)),
  };
}

function linesOf(
  { name, points, growing, level }: ChartSeries,
  color: string,
  of: number,
): LineSeriesOption[] {
  const data = drawnPoints(points);
  const line: LineSeriesOption = {
    type: 'line',
    name,
    color,
    data,
    symbol: 'none',
    ...(level === true ? { step: 'end' as const } : {}),
    lineStyle: { width: 1.8 },
    ...(of === 1 ? { areaStyle: { opacity: 0.1 } } : {}),
  };
  if (growing !== true || data.length < 2) return [line];
  // A step that is not over yet has less in it than it will have: that is no fall, so it is dashed.
  const unsaid = { ...line, tooltip: { show: false }, silent: true };
  return [
    { ...line, lineStyle: { opacity: 0 }, areaStyle: { opacity: 0 } },
    { ...unsaid, data: data.slice(0, -1) },
    { ...unsaid, data: data.slice(-2), lineStyle: { width: 1.8, type: 'dashed' } },
  ];
}
