import { ChangeDetectionStrategy, Component, computed, inject, input } from '@angular/core';
import type { FieldDiff } from '../api/generated.ts';
import { I18n } from '../i18n/i18n.ts';
import { valueText } from '../design/value-text.ts';

/** What a change did to each field. */
@Component({
  selector: 'km-diff-table',
  template: `<dl>
    @for (row of rows(); track row.field) {
      <div>
        <dt class="mono">{{ row.field }}</dt>
        <dd>
          @if (row.before !== '') {
            <del class="mono"
              ><span class="sr-only">{{ i18n.t('diff.before') }} </span>{{ row.before }}</del
            >
          }
          @if (row.after !== '') {
            <ins class="mono"
              ><span class="sr-only">{{ i18n.t('diff.after') }} </span>{{ row.after }}</ins
            >
          }
        </dd>
      </div>
    }
  </dl>`,
  styles: `
    dl {
      display: flex;
      flex-direction: column;
      gap: 8px;
    }
    dl > div {
      display: grid;
      grid-template-columns: minmax(140px, 220px) minmax(0, 1fr);
      gap: 4px 12px;
    }
    dt {
      color: var(--text-soft);
      overflow-wrap: anywhere;
    }
    dd {
      display: flex;
      flex-direction: column;
      align-items: flex-start;
      gap: 2px;
    }
    del,
    ins {
      padding: 0 6px;
      border-radius: 4px;
      text-decoration: none;
      overflow-wrap: anywhere;
    }
    del {
      background: var(--bad-soft);
      color: var(--bad);
    }
    del::before {
      content: '− ' / '';
    }
    ins {
      background: var(--good-soft);
      color: var(--good);
    }
    ins::before {
      content: '+ ' / '';
    }
    @media (max-width: 720px) {
      dl > div {
        grid-template-columns: minmax(0, 1fr);
      }
    }
  `,
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class DiffTable {
  readonly i18n = inject(I18n);
  readonly diff = input.required<readonly FieldDiff[]>();
  readonly rows = computed(() =>
    this.diff().map(({ field, before, after }) => ({
      field,
      before: valueText(before),
      after: valueText(after),
    })),
  );
}
