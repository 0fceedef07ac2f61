import {
  ChangeDetectionStrategy,
  Component,
  computed,
  inject,
  input,
  output,
  signal,
} from '@angular/core';
import type { Group } from '../api/generated.ts';
import { Icon } from '../design/icon.ts';
import { I18n } from '../i18n/i18n.ts';
import {
  countFilters,
  type FilterName,
  fromLocalInput,
  localInput,
  type LogFilters,
  outcomes,
  rangeOf,
  timeRanges,
  withFilter,
} from './log-filters.ts';
import { outcomeNames } from './outcome.ts';

const rangeNames = {
  '15m': 'logs.range.15m',
  '1h': 'logs.range.1h',
  '24h': 'logs.range.24h',
  '7d': 'logs.range.7d',
  '30d': 'logs.range.30d',
  custom: 'logs.range.custom',
} as const;

/** What narrows the list of requests. */
@Component({
  selector: 'km-log-filter-bar',
  imports: [Icon],
  templateUrl: './log-filter-bar.html',
  styleUrl: './log-filter-bar.css',
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class LogFilterBar {
  readonly i18n = inject(I18n);
  readonly filters = input.required<LogFilters>();
  readonly groups = input.required<readonly Group[]>();
  readonly changed = output<LogFilters>();
  readonly unfolded = signal(false);
  readonly outcomes = outcomes;
  readonly outcomeNames = outcomeNames;
  readonly ranges = timeRanges;
  readonly rangeNames = rangeNames;
  readonly statuses = ['2xx', '4xx', '5xx', '400', '401', '403', '404', '429', '499', '500', '503'];

  readonly count = computed(() => countFilters(this.filters()));
  readonly range = computed(() => rangeOf(this.filters()));
  readonly from = computed(() => localInput(this.filters().from));
  readonly to = computed(() => localInput(this.filters().to));
  /** A status that was typed and is none. */
  readonly wrongStatus = signal(false);
  readonly unknownGroup = computed(() => {
    const { group } = this.filters();
    return group !== undefined && !this.groups().some((each) => each.name === group) ? group : null;
  });

  set(name: FilterName, value: string): void {
    const next = withFilter(this.filters(), name, value.trim());
    if (name === 'status') this.wrongStatus.set(value.trim() !== '' && next.status === undefined);
    this.changed.emit(next);
  }

  setTime(name: 'from' | 'to', value: string): void {
    this.set(name, fromLocalInput(value));
  }

  clear(): void {
    this.wrongStatus.set(false);
    this.changed.emit({});
  }
}
