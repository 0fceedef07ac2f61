import { ChangeDetectionStrategy, Component, computed, inject, input } from '@angular/core';
import type { Answer } from '../../api/api.ts';
import type { MessageKey } from '../../i18n/en.ts';
import { I18n } from '../../i18n/i18n.ts';
import { leaning } from './leaning.ts';

type Replayed = Answer<'simulatePolicy'>['before'];

const rows = [
  { name: 'whatIf.blacklisted', of: (it) => it.blacklisted, better: 'less' },
  { name: 'whatIf.cooled', of: (it) => it.cooled, better: 'less' },
  { name: 'whatIf.failures', of: (it) => it.failures, better: 'less' },
  { name: 'whatIf.failedOver', of: (it) => it.requests_failed_over, better: 'neither' },
  { name: 'whatIf.withoutKey', of: (it) => it.requests_without_key, better: 'less' },
  { name: 'whatIf.timeWithoutKey', of: (it) => it.seconds_without_key * 1_000, better: 'less' },
] as const satisfies readonly {
  readonly name: MessageKey;
  readonly of: (it: Replayed) => number;
  readonly better: 'less' | 'neither';
}[];

/** What happened and what would have happened, number by number. */
@Component({
  selector: 'km-before-after',
  template: `<div
    class="scroll-x"
    tabindex="0"
    role="region"
    [attr.aria-label]="i18n.t('whatIf.compared')"
  >
    <table class="table">
      <thead>
        <tr>
          <th>
            <span class="sr-only">{{ i18n.t('whatIf.number') }}</span>
          </th>
          <th class="number">{{ i18n.t('whatIf.before') }}</th>
          <th class="number">{{ i18n.t('whatIf.after') }}</th>
          <th class="number">{{ i18n.t('whatIf.change') }}</th>
        </tr>
      </thead>
      <tbody>
        @for (row of rows(); track row.name) {
          <tr>
            <th scope="row">{{ i18n.t(row.name) }}</th>
            <td class="number soft">{{ row.before }}</td>
            <td class="number">
              <strong>{{ row.after }}</strong>
            </td>
            <td class="number" [class]="row.lean">{{ row.change }}</td>
          </tr>
        }
      </tbody>
    </table>
  </div>`,
  styles: `
    tbody th {
      border-bottom: 1px solid var(--line);
      color: var(--text);
      font-size: inherit;
      font-weight: 400;
      white-space: normal;
    }
    tbody tr:last-child th {
      border-bottom: 0;
    }
    .good {
      color: var(--good);
      font-weight: 500;
    }
    .bad {
      color: var(--bad);
      font-weight: 500;
    }
    .same {
      color: var(--text-faint);
    }
    @media (max-width: 720px) {
      th,
      td {
        padding-inline: 6px;
        white-space: normal;
      }
    }
  `,
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class BeforeAfter {
  readonly i18n = inject(I18n);
  readonly before = input.required<Replayed>();
  readonly after = input.required<Replayed>();

  readonly rows = computed(() =>
    rows.map(({ name, of, better }) => {
      const [before, after] = [of(this.before()), of(this.after())];
      const isTime = name === 'whatIf.timeWithoutKey';
      const format = (value: number): string =>
        isTime && value > 0 ? this.i18n.span(value) : this.i18n.number(value);
      const sign = after > before ? '+' : '−';
      const change = before === after ? '=' : `${sign}${format(Math.abs(after - before))}`;
      const lean = better === 'neither' && before !== after ? '' : leaning(before, after);
      return { name, before: format(before), after: format(after), change, lean };
    }),
  );
}
