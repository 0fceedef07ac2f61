import { ChangeDetectionStrategy, Component, inject, input } from '@angular/core';
import type { FieldDiff } from '../api/generated.ts';
import { I18n } from '../i18n/i18n.ts';

/** Fields as they were and as they are after. */
@Component({
  selector: 'km-diff-list',
  template: `<dl>
    @for (each of diff(); track each.field) {
      <div>
        <dt class="mono">{{ each.field }}</dt>
        <dd>
          <del>{{ text(each.before) }}</del>
          <span class="faint" aria-hidden="true">→</span>
          <ins>{{ text(each.after) }}</ins>
        </dd>
      </div>
    } @empty {
      <div class="soft">{{ i18n.t('settings.noDiff') }}</div>
    }
  </dl>`,
  styles: `
    dl {
      display: flex;
      flex-direction: column;
      gap: 8px;
    }
    dt {
      color: var(--text-soft);
    }
    dd {
      display: flex;
      flex-wrap: wrap;
      align-items: baseline;
      gap: 4px 8px;
      font-family: var(--mono);
      font-size: 12.5px;
      overflow-wrap: anywhere;
    }
    del,
    ins {
      max-width: 100%;
      padding: 1px 6px;
      border-radius: 4px;
      white-space: pre-wrap;
    }
    del {
      background: var(--bad-soft);
      color: var(--bad);
    }
    ins {
      background: var(--good-soft);
      color: var(--good);
      text-decoration: none;
    }
  `,
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class DiffList {
  readonly i18n = inject(I18n);
  readonly diff = input.required<readonly FieldDiff[]>();

  text(value: unknown): string {
    if (value === null || value === undefined) return this.i18n.t('settings.inherited');
    if (value === '') return this.i18n.t('settings.empty');
    if (Array.isArray(value) && value.every((each) => typeof each === 'string')) {
      return value.length === 0 ? this.i18n.t('settings.empty') : value.join(', ');
    }
    return typeof value === 'object' ? JSON.stringify(value) : String(value);
  }
}
