import {
  afterRenderEffect,
  ChangeDetectionStrategy,
  Component,
  DestroyRef,
  type ElementRef,
  inject,
  input,
  signal,
  viewChild,
} from '@angular/core';
import type { EChartsType } from 'echarts/core';
import { I18n } from '../i18n/i18n.ts';
import { ThemeChoice } from '../theme/theme.ts';

/** One line or area of a chart. */
export interface ChartSeries {
  readonly name: string;
  readonly points: readonly { readonly time: string; readonly value: number | null }[];
  readonly tone?: 'accent' | 'good' | 'warn' | 'bad' | 'calm' | undefined;
}

/** Values over time; the library that draws them is loaded with the first chart. */
@Component({
  selector: 'km-chart',
  template: `<div #canvas role="img" [attr.aria-label]="label()"></div>`,
  styles: `
    :host,
    div {
      display: block;
      width: 100%;
      height: var(--chart-height, 240px);
    }
  `,
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class Chart {
  readonly label = input.required<string>();
  readonly series = input.required<readonly ChartSeries[]>();
  readonly format = input<(value: number) => string>(String);
  readonly stacked = input(false, { transform: (value: boolean | '') => value !== false });

  readonly #i18n = inject(I18n);
  readonly #theme = inject(ThemeChoice);
  readonly canvas = viewChild.required<ElementRef<HTMLDivElement>>('canvas');
  readonly #systemDark = signal(matchMedia('(prefers-color-scheme: dark)').matches);
  #chart: EChartsType | undefined;
  #gone = false;

  constructor() {
    const query = matchMedia('(prefers-color-scheme: dark)');
    const heard = (): void => this.#systemDark.set(query.matches);
    query.addEventListener('change', heard);
    const resize = new ResizeObserver(() => this.#chart?.resize());
    inject(DestroyRef).onDestroy(() => {
      this.#gone = true;
      query.removeEventListener('change', heard);
      resize.disconnect();
      this.#chart?.dispose();
    });
    afterRenderEffect(() => {
      // Read here, so that a change of any of them draws again.
      this.#theme.theme();
      this.#systemDark();
      this.#i18n.locale();
      const drawn = { series: this.series(), stacked: this.stacked(), format: this.format() };
      const canvas = this.canvas().nativeElement;
      void import('./draw-lines.ts').then(({ createChart, linesOption }) => {
        if (this.#gone) return;
        if (this.#chart === undefined) {
          this.#chart = createChart(canvas);
          resize.observe(canvas);
        }
        this.#chart.setOption(
          linesOption({ ...drawn, styles: getComputedStyle(canvas), time: this.#times() }),
          true,
        );
      });
    });
  }

  #times(): (time: number) => string {
    return (time) => this.#i18n.dateTime(time);
  }
}
