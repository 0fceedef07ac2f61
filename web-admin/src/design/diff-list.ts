import { ChangeDetectionStrategy, Component, computed, inject, input } from '@angular/core';
import type { FieldDiff } from '../api/generated.ts';
import { I18n } from '../i18n/i18n.ts';
import { type Side, sidesOf } from './diff-sides.ts';

/** Fields as they were and as they are after. */
@Component({
  selector: 'km-diff-list',
  template: `<dl>
    @for (each of rows(); track each.field) {
      <div>
        <dt class="mono">{{ each.field }}</dt>
        <dd>
          @if (each.before !== null) {
            <del
              ><span class="sr-only">{{ i18n.t('diff.before') }} </span>{{ text(each.before) }}</del
            >
          }
          @if (each.before !== null && each.after !== null) {
            <span class="faint" aria-hidden="true">→</span>
          }
          @if (each.after !== null) {
            <ins
              ><span class="sr-only">{{ i18n.t('diff.after') }} </span>{{ text(each.after) }}</ins
            >
          }
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
      font-variant-ligatures: none;
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

  readonly rows = computed(() =>
    this.diff().map((each) => ({ field: each.field, ...sidesOf(each) })),
  );

  text(side: Exclude<Side, null>): string {
    return typeof side === 'string' ? this.i18n.t(`settings.${side}`) : side.text;
  }
}
