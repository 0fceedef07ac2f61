import { ChangeDetectionStrategy, Component, computed, inject, input } from '@angular/core';
import { RouterLink } from '@angular/router';
import type { LogRow } from '../api/generated.ts';
import { Icon } from '../design/icon.ts';
import { I18n } from '../i18n/i18n.ts';
import { verdictNames, verdictTones } from './outcome.ts';
import { waterfallOf } from './waterfall.ts';

/** The attempts of a request, one after another, by how long each took. */
@Component({
  selector: 'km-attempts',
  imports: [Icon, RouterLink],
  templateUrl: './attempts.html',
  styleUrl: './attempts.css',
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class Attempts {
  readonly i18n = inject(I18n);
  readonly row = input.required<LogRow>();
  readonly verdictNames = verdictNames;
  readonly verdictTones = verdictTones;
  readonly waterfall = computed(() => waterfallOf(this.row()));

  host(upstream: string): string {
    return URL.parse(upstream)?.host ?? upstream;
  }
}
