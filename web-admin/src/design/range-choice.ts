import { ChangeDetectionStrategy, Component, inject, input, output } from '@angular/core';
import { I18n } from '../i18n/i18n.ts';

export const ranges = ['1h', '6h', '24h', '7d', '30d'] as const;
export type Range = (typeof ranges)[number];

/** A range of time by its name; a day for any other. */
export function asRange(name: string | undefined): Range {
  return ranges.find((each) => each === name) ?? '24h';
}

/** How far back to look. */
@Component({
  selector: 'km-range',
  template: `<div class="segments" role="group" [attr.aria-label]="i18n.t('range')">
    @for (each of ranges; track each) {
      <button type="button" [attr.aria-pressed]="each === range()" (click)="rangeChange.emit(each)">
        {{ i18n.t(names[each]) }}
      </button>
    }
  </div>`,
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class RangeChoice {
  readonly i18n = inject(I18n);
  readonly range = input.required<Range>();
  readonly rangeChange = output<Range>();
  readonly ranges = ranges;
  readonly names = {
    '1h': 'range.1h',
    '6h': 'range.6h',
    '24h': 'range.24h',
    '7d': 'range.7d',
    '30d': 'range.30d',
  } as const;
}
