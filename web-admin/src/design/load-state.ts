import { ChangeDetectionStrategy, Component, computed, inject, input } from '@angular/core';
import type { Loaded } from '../api/loaded.ts';
import { ApiProblem, ServerAway } from '../api/problem.ts';
import { I18n } from '../i18n/i18n.ts';
import { refusalText } from '../api/refusal.ts';
import { Icon } from './icon.ts';

/** Stands where data will be: while it loads, when it cannot be had, when one may not see it. */
@Component({
  selector: 'km-load-state',
  imports: [Icon],
  template: `
    @if (of().value() === undefined) {
      @if (of().error() !== undefined) {
        <div class="notice bad" role="alert">
          <km-icon name="warning" />
          <div class="grow">
            <strong>{{ i18n.t(title()) }}</strong>
            <div class="small">{{ detail() }}</div>
          </div>
          <button type="button" class="button small" (click)="of().reload()">
            {{ i18n.t('again') }}
          </button>
        </div>
      } @else if (of().busy()) {
        <div class="bars" role="status">
          <span class="sr-only">{{ i18n.t('loading') }}</span>
          @for (width of widths; track $index) {
            <span class="bone" [style.width.%]="width"></span>
          }
        </div>
      }
    }
  `,
  styles: `
    .bars {
      display: flex;
      flex-direction: column;
      gap: 14px;
      padding: 16px;
    }
    .bone {
      height: 12px;
      border-radius: 6px;
      background: var(--calm-soft);
      animation: breathe 1.2s ease-in-out infinite alternate;
    }
    @keyframes breathe {
      to {
        opacity: 0.4;
      }
    }
  `,
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class LoadState {
  readonly i18n = inject(I18n);
  readonly of = input.required<Loaded<unknown>>();
  readonly widths = [62, 88, 74, 81];

  readonly title = computed(() => {
    const error = this.of().error();
    if (error instanceof ServerAway) return 'error.away';
    if (!(error instanceof ApiProblem)) return 'error.failed';
    if (error.status === 404) return 'error.notFound';
    return error.status === 401 || error.status === 403 ? 'error.forbidden' : 'error.failed';
  });
  readonly detail = computed(() => {
    const error = this.of().error();
    if (error instanceof ServerAway) return this.i18n.t('error.awayText');
    if (this.title() === 'error.forbidden') return this.i18n.t('error.forbiddenText');
    if (error instanceof ApiProblem) return refusalText(this.i18n, error.message);
    return error instanceof Error ? error.message : '';
  });
}
