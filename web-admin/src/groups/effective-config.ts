import { ChangeDetectionStrategy, Component, computed, inject, input } from '@angular/core';
import type { Group, Setting } from '../api/generated.ts';
import { I18n } from '../i18n/i18n.ts';

/** What a group is set to, and which layer each value comes from. */
@Component({
  selector: 'km-effective-config',
  template: `<section class="card">
    <div class="card-head">
      <h2>{{ i18n.t('groups.config') }}</h2>
    </div>
    <table class="table">
      <tbody>
        @for (row of rows(); track row.name) {
          <tr>
            <th scope="row" [title]="row.name">{{ row.title }}</th>
            <td class="number">{{ row.value }}</td>
            <td>
              <span class="badge" [class.warn]="row.source === 'group'">
                {{ i18n.t(layers[row.source]) }}
              </span>
            </td>
          </tr>
        }
      </tbody>
    </table>
  </section>`,
  styles: `
    .table th {
      font-size: 13px;
      font-weight: 400;
      color: var(--text-soft);
      white-space: normal;
    }
    tr:last-child th {
      border-bottom: 0;
    }
    .table td {
      height: 34px;
      padding-block: 5px;
    }
  `,
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class EffectiveConfig {
  readonly i18n = inject(I18n);
  readonly group = input.required<Group>();
  readonly settings = input.required<readonly Setting[]>();
  readonly layers = {
    default: 'layer.default',
    environment: 'layer.environment',
    system: 'layer.system',
    group: 'layer.group',
  } as const;

  readonly rows = computed(() =>
    Object.entries(this.group().effective_config).map(([name, { value, source }]) => ({
      name,
      source,
      title: this.settings().find((each) => each.name === name)?.title ?? name,
      value:
        typeof value === 'number' ? this.i18n.number(value) : value === '' ? '–' : String(value),
    })),
  );
}
