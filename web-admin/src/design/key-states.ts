import { ChangeDetectionStrategy, Component, computed, inject, input } from '@angular/core';
import { I18n } from '../i18n/i18n.ts';
import { statusNames, type KeyStatus, statuses, statusTones } from '../keys/key-status.ts';

type Counts = Readonly<Record<string, number>>;

/** Whether the server knows how many keys there are: zeros say that there are none, no number at all that it does not. */
export const isKnown = (counts: Counts): boolean => Object.keys(counts).length > 0;

/** How many keys are in which state, as a bar and in numbers. */
@Component({
  selector: 'km-key-states',
  template: `
    <div class="bar" aria-hidden="true">
      @for (part of parts(); track part.status) {
        <span [class]="part.tone" [style.flex-grow]="part.count"></span>
      }
    </div>
    <ul>
      @for (part of parts(); track part.status) {
        <li>
          <i [class]="part.tone" aria-hidden="true"></i>
          {{ i18n.t(names[part.status]) }} <strong>{{ i18n.number(part.count) }}</strong>
        </li>
      } @empty {
        <li class="faint">{{ i18n.t('keys.none') }}</li>
      }
    </ul>
  `,
  styles: `
    .bar {
      display: flex;
      gap: 2px;
      height: 8px;
      border-radius: 4px;
      overflow: hidden;
      background: var(--calm-soft);
    }
    .bar span {
      flex-basis: 3px;
    }
    ul {
      display: flex;
      flex-wrap: wrap;
      gap: 4px 16px;
      margin-top: 8px;
      font-size: 12.5px;
      color: var(--text-soft);
    }
    li {
      display: flex;
      align-items: center;
      gap: 6px;
    }
    strong {
      color: var(--text);
      font-weight: 600;
    }
    i {
      width: 8px;
      height: 8px;
      border-radius: 3px;
    }
    .good {
      background: var(--good-fill);
    }
    .warn {
      background: var(--warn-fill);
    }
    .bad {
      background: var(--bad-fill);
    }
    .calm {
      background: var(--calm-fill);
    }
    :host(.slim) ul {
      gap: 2px 10px;
      margin-top: 4px;
      font-size: 12px;
    }
    :host(.slim) .bar {
      height: 5px;
    }
  `,
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class KeyStates {
  readonly i18n = inject(I18n);
  readonly counts = input.required<Counts>();
  readonly names = statusNames;

  readonly parts = computed(() =>
    statuses.flatMap((status: KeyStatus) => {
      const count = this.counts()[status] ?? 0;
      return count === 0 ? [] : [{ status, count, tone: statusTones[status] }];
    }),
  );
}
