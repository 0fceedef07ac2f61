import { ChangeDetectionStrategy, Component, computed, inject, input, signal } from '@angular/core';
import { RouterLink } from '@angular/router';
import { type Answer, Api } from '../../api/api.ts';
import { loaded } from '../../api/loaded.ts';
import { TimeAgo } from '../../design/time-ago.ts';
import { I18n } from '../../i18n/i18n.ts';

type Simulation = Answer<'simulatePolicy'>;

const pageSize = 25;
const tones = { blacklisted: 'bad', cooled: 'warn', kept: 'good' } as const;

/** The keys that would have fared otherwise. */
@Component({
  selector: 'km-fared-otherwise',
  imports: [RouterLink, TimeAgo],
  template: `<section class="card">
    <div class="card-head">
      <h2 class="grow">{{ i18n.t('whatIf.otherwise', { n: simulation().keys_total }) }}</h2>
    </div>
    @if (shown().length === 0) {
      <p class="soft card-body">{{ i18n.t('whatIf.noneOtherwise') }}</p>
    } @else {
      <div class="scroll-x" tabindex="0" role="region" [attr.aria-label]="i18n.t('keys')">
        <table class="table rows">
          <thead>
            <tr>
              <th>{{ i18n.t('whatIf.key') }}</th>
              <th>{{ i18n.t('whatIf.was') }}</th>
              <th>{{ i18n.t('whatIf.would') }}</th>
              <th>{{ i18n.t('whatIf.since') }}</th>
            </tr>
          </thead>
          <tbody>
            @for (key of shown(); track key.id) {
              <tr>
                <td>
                  <a
                    class="mono nowrap"
                    [routerLink]="['/groups', group(), 'keys']"
                    [queryParams]="{ key: key.id }"
                    >{{ masked.value()?.get(key.id) ?? key.id }}</a
                  >
                </td>
                <td>
                  <span class="badge" [class]="tones[key.recorded_verdict]">{{
                    text(key.recorded_verdict)
                  }}</span>
                </td>
                <td>
                  <span class="badge" [class]="tones[key.verdict]">{{ text(key.verdict) }}</span>
                </td>
                <td><km-time [at]="key.at" /></td>
              </tr>
            }
          </tbody>
        </table>
      </div>
      @if (shown().length < simulation().keys.length) {
        <div class="more">
          <button type="button" class="button small" (click)="showMore()">
            {{ i18n.t('whatIf.more') }}
          </button>
        </div>
      }
    }
  </section>`,
  styles: `
    .more {
      padding: 10px 16px;
      border-top: 1px solid var(--line);
    }
  `,
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class FaredOtherwise {
  readonly i18n = inject(I18n);
  readonly #api = inject(Api);
  readonly group = input.required<string>();
  readonly simulation = input.required<Simulation>();
  readonly tones = tones;
  readonly count = signal(pageSize);
  readonly shown = computed(() => this.simulation().keys.slice(0, this.count()));

  /** How the shown keys look; one that was deleted meanwhile keeps its id. */
  readonly masked = loaded({
    params: this.shown,
    load: async (keys, signal) => {
      const views = await Promise.allSettled(
        keys.map(({ id }) => this.#api.call('getKey', { path: { id }, signal })),
      );
      return new Map(
        views.flatMap((view) =>
          view.status === 'fulfilled' ? [[view.value.id, view.value.masked] as const] : [],
        ),
      );
    },
    keep: true,
  });

  text(verdict: Simulation['keys'][number]['verdict']): string {
    return this.i18n.t(`whatIf.verdict.${verdict}`);
  }

  showMore(): void {
    this.count.update((count) => count + pageSize);
  }
}
