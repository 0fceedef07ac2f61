import { ChangeDetectionStrategy, Component, inject, input } from '@angular/core';
import { Router } from '@angular/router';
import type { LogRow } from '../api/generated.ts';
import { I18n } from '../i18n/i18n.ts';
import { statusTone, verdictTones } from './outcome.ts';

/** Requests, one a row. */
@Component({
  selector: 'km-log-table',
  templateUrl: './log-table.html',
  styleUrl: './log-table.css',
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class LogTable {
  readonly i18n = inject(I18n);
  readonly #router = inject(Router);
  readonly rows = input.required<readonly LogRow[]>();
  readonly tone = statusTone;
  readonly verdictTones = verdictTones;

  /** The day is said where it is not today's. */
  when(time: string): string {
    const today = new Date().toDateString() === new Date(time).toDateString();
    return today ? this.i18n.clockTime(time) : this.i18n.dayTime(time);
  }

  tokens({ tokens: { input, output } }: LogRow): string {
    if (input === null && output === null) return '–';
    return `${this.i18n.compact(input ?? 0)} / ${this.i18n.compact(output ?? 0)}`;
  }

  /** Opens the request; a link is left to the browser where it shall open elsewhere. */
  open(event: MouseEvent, row: LogRow): void {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    const { target } = event;
    const onLink = target instanceof Element && target.closest('a') !== null;
    if (onLink) event.preventDefault();
    else if (getSelection()?.toString()) return;
    void this.#router.navigate(['/logs', row.request_id], {
      queryParamsHandling: 'preserve',
      scroll: 'manual',
    });
  }
}
