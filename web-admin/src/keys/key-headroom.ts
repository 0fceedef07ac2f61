import { ChangeDetectionStrategy, Component, inject, input } from '@angular/core';
import type { Key } from '../api/generated.ts';
import { TimeAgo } from '../design/time-ago.ts';
import { I18n } from '../i18n/i18n.ts';

type Headroom = NonNullable<Key['headroom']>[number];
type Allowed = NonNullable<Headroom['requests']>;

/** From this share on it is nearly used up. */
const scarce = 0.05;

/** What the provider still allows of a key, for each model. */
@Component({
  selector: 'km-key-headroom',
  imports: [TimeAgo],
  template: `
    <h3>{{ i18n.t('headroom.title') }}</h3>
    <ul>
      @for (each of headroom(); track each.model) {
        <li>
          <div class="row">
            <strong class="grow clip">{{ each.model }}</strong>
            <km-time class="faint small" [at]="each.at" />
          </div>
          @for (kind of kinds; track kind) {
            @if (each[kind]; as it) {
              <div class="row small">
                <span class="grow soft">{{ text(kind) }}</span>
                <span class="numbers">{{ left(it) }}</span>
              </div>
              @if (share(it); as part) {
                <div
                  class="bar"
                  role="meter"
                  aria-valuemin="0"
                  aria-valuemax="100"
                  [attr.aria-label]="text(kind)"
                  [attr.aria-valuenow]="part.percent"
                >
                  <i [class.scarce]="part.scarce" [style.width.%]="part.percent"></i>
                </div>
              }
            }
          }
        </li>
      }
    </ul>
  `,
  styles: `
    :host {
      display: flex;
      flex-direction: column;
      gap: 12px;
    }
    ul {
      display: flex;
      flex-direction: column;
      gap: 14px;
    }
    li {
      display: flex;
      flex-direction: column;
      gap: 4px;
    }
    .numbers {
      font-variant-numeric: tabular-nums;
    }
    .bar {
      height: 4px;
      border-radius: 2px;
      background: var(--calm-soft);
      overflow: hidden;
    }
    i {
      display: block;
      height: 100%;
      background: var(--good-fill);
    }
    .scarce {
      background: var(--warn-fill);
    }
  `,
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class KeyHeadroom {
  readonly i18n = inject(I18n);
  readonly headroom = input.required<readonly Headroom[]>();
  readonly kinds = ['requests', 'tokens'] as const;

  text(kind: (typeof this.kinds)[number]): string {
    return this.i18n.t(`headroom.${kind}`);
  }

  left({ remaining, limit, reset }: Allowed): string {
    const n = this.i18n.number(remaining);
    const text =
      limit === null ? n : this.i18n.t('headroom.of', { left: n, limit: this.i18n.number(limit) });
    return reset === null || Date.parse(reset) <= Date.now()
      ? text
      : `${text} · ${this.i18n.t('headroom.reset', { time: this.i18n.relative(reset, Date.now()) })}`;
  }

  share({ remaining, limit }: Allowed): { percent: number; scarce: boolean } | null {
    if (limit === null || limit <= 0) return null;
    const part = Math.min(1, Math.max(0, remaining / limit));
    return { percent: Math.round(part * 100), scarce: part <= scarce };
  }
}
