import { ChangeDetectionStrategy, Component, computed, inject, input } from '@angular/core';
import type { Group, Setting } from '../api/generated.ts';
import { I18n } from '../i18n/i18n.ts';
import { settingText, valueText } from '../settings/setting-texts.ts';

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
              @if (row.source === 'default') {
                <span class="faint small">{{ i18n.t(layers[row.source]) }}</span>
              } @else {
                <span class="badge" [class.chosen]="row.source === 'group'">
                  {{ i18n.t(layers[row.source]) }}
                </span>
              }
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
    td:last-child {
      width: 1%;
      white-space: nowrap;
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
    Object.entries(this.group().effective_config).map(([name, { value, source }]) => {
      const setting = this.settings().find((each) => each.name === name);
      return {
        name,
        source,
        title: setting === undefined ? name : settingText(setting, this.i18n.language()).title,
        value: valueText({ name, value, nothing: '–' }, this.i18n),
      };
    }),
  );
}
