import { ChangeDetectionStrategy, Component, computed, inject, input, signal } from '@angular/core';
import { type Answer, Api } from '../../api/api.ts';
import { Live } from '../../api/live.ts';
import { loaded } from '../../api/loaded.ts';
import { ApiProblem } from '../../api/problem.ts';
import { Chart, type ChartSeries } from '../../design/chart.ts';
import { Empty } from '../../design/empty.ts';
import { Icon } from '../../design/icon.ts';
import { LoadState } from '../../design/load-state.ts';
import { Toasts } from '../../design/toasts.ts';
import { I18n } from '../../i18n/i18n.ts';
import { Trail } from '../trail.ts';
import { BeforeAfter } from './before-after.ts';
import { FaredOtherwise } from './fared-otherwise.ts';
import { sinceFirstKey } from './since-first-key.ts';
import type { Asked } from './tried-policy.ts';
import { WhatIfFormCard } from './what-if-form.ts';

/** What another policy would have done to the keys of a group. */
@Component({
  selector: 'km-what-if-page',
  imports: [BeforeAfter, Chart, Empty, FaredOtherwise, Icon, LoadState, Trail, WhatIfFormCard],
  templateUrl: './what-if-page.html',
  styleUrl: './what-if-page.css',
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class WhatIfPage {
  readonly i18n = inject(I18n);
  readonly #api = inject(Api);
  readonly #toasts = inject(Toasts);
  /** Of the group; from the address. */
  readonly name = input.required<string>();

  readonly group = loaded({
    params: this.name,
    load: (name, signal) => this.#api.call('getGroup', { path: { name }, signal }),
    hints: [inject(Live).config],
    keep: true,
  });
  readonly result = signal<Answer<'simulatePolicy'> | null>(null);
  readonly error = signal<string | null>(null);
  readonly busy = signal(false);
  readonly usable = computed((): readonly ChartSeries[] => {
    const result = this.result();
    if (result === null) return [];
    const [before, after] = sinceFirstKey(result.before.usable, result.after.usable);
    return [
      { name: this.i18n.t('whatIf.before'), points: before, tone: 'calm', level: true },
      { name: this.i18n.t('whatIf.after'), points: after, tone: 'accent', level: true },
    ];
  });
  readonly count = (value: number): string => this.i18n.number(value);

  async replay(body: Extract<Asked, { kind: 'right' }>['body']): Promise<void> {
    this.busy.set(true);
    this.error.set(null);
    try {
      const path = { name: this.name() };
      this.result.set(await this.#api.call('simulatePolicy', { path, body }));
    } catch (error) {
      this.result.set(null);
      if (error instanceof ApiProblem) {
        const fields = error.details.errors?.map((each) => `${each.field} ${each.message}`) ?? [];
        this.error.set(fields.length > 0 ? fields.join(' · ') : error.message);
      } else this.#toasts.failed(error);
    } finally {
      this.busy.set(false);
    }
  }
}
