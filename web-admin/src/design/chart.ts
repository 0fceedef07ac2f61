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
import { type ChartTone, toneTokens } from './chart-tones.ts';

/** One line or area of a chart. */
export interface ChartSeries {
  readonly name: string;
  readonly points: readonly { readonly time: string; readonly value: number | null }[];
  readonly tone: ChartTone;
  /** Whether a value holds until the next one, as how many there are of something does. */
  readonly level?: boolean;
  /** Whether the last point still grows. */
  readonly growing?: boolean;
}

/** Values over time; the library that draws them is loaded with the first chart. */
@Component({
  selector: 'km-chart',
  template: `
    @if (series().length > 1) {
      <ul [attr.aria-label]="i18n.t('chart.lines')">
        @for (each of series(); track each.name) {
          <li>
            <button
              type="button"
              [attr.aria-pressed]="!hidden().has(each.name)"
              (click)="toggle(each.name)"
            >
              <i [style.background]="'var(' + tokens[each.tone] + ')'"></i>{{ each.name }}
            </button>
          </li>
        }
      </ul>
    }
    <div #canvas role="img" [attr.aria-label]="label()"></div>
  `,
  styles: `
    :host {
      display: flex;
      flex-direction: column;
      gap: 8px;
      width: 100%;
      height: var(--chart-height, 240px);
    }
    div {
      flex: 1;
      min-height: 0;
    }
    ul {
      display: flex;
      flex-wrap: wrap;
      gap: 2px 14px;
    }
    button {
      display: inline-flex;
      align-items: center;
      gap: 6px;
      min-height: 24px;
      padding: 0;
      border: 0;
      background: none;
      color: var(--text-soft);
      font: inherit;
      font-size: 12.5px;
      cursor: pointer;
    }
    button:hover {
      color: var(--text);
    }
    button[aria-pressed='false'] {
      color: var(--text-faint);
      text-decoration: line-through;
    }
    i {
      width: 10px;
      height: 3px;
      border-radius: 2px;
    }
  `,
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class Chart {
  readonly label = input.required<string>();
  readonly series = input.required<readonly ChartSeries[]>();
  readonly format = input<(value: number) => string>(String);
  readonly tokens = toneTokens;
  readonly hidden = signal<ReadonlySet<string>>(new Set());

  readonly i18n = inject(I18n);
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
      this.i18n.locale();
      const series = this.series().filter(({ name }) => !this.hidden().has(name));
      const drawn = { series, format: this.format() };
      const canvas = this.canvas().nativeElement;
      void import('./draw-lines.ts').then(({ createChart, linesOption }) => {
        if (this.#gone) return;
        if (this.#chart === undefined) {
          this.#chart = createChart(canvas);
          resize.observe(canvas);
        }
        this.#chart.setOption(
          linesOption({
            ...drawn,
            styles: getComputedStyle(canvas),
            time: (time) => this.i18n.dateTime(time),
            tick: (time) => this.i18n.tickTime(time),
          }),
          true,
        );
      });
    });
  }

  /** Shows a line no more, or again; never none. */
  toggle(name: string): void {
    const hidden = new Set(this.hidden());
    if (!hidden.delete(name)) hidden.add(name);
    this.hidden.set(hidden.size < this.series().length ? hidden : new Set());
  }
}
