import { ChangeDetectionStrategy, Component, computed, inject, input } from '@angular/core';
import { RouterLink } from '@angular/router';
import type { Answer } from '../api/api.ts';
import type { Group } from '../api/generated.ts';
import { KeyStates } from '../design/key-states.ts';
import { I18n } from '../i18n/i18n.ts';

const nothing = {
  requests: 0,
  error_rate: 0,
  latency_p50_ms: null,
  latency_p95_ms: null,
  tokens_in: 0,
  tokens_out: 0,
} as const;

/** Each group with its share of the traffic and its keys. */
@Component({
  selector: 'km-group-table',
  imports: [RouterLink, KeyStates],
  template: `<section class="card">
    <div class="card-head">
      <h2>{{ i18n.t('overview.byGroup') }}</h2>
    </div>
    <div class="scroll-x" tabindex="0" role="region" [attr.aria-label]="i18n.t('overview.byGroup')">
      <table class="table rows">
        <thead>
          <tr>
            <th>{{ i18n.t('group') }}</th>
            <th>{{ i18n.t('keys') }}</th>
            <th class="number">{{ i18n.t('requests') }}</th>
            <th class="number">{{ i18n.t('errorRate') }}</th>
            <th class="number">{{ i18n.t('latency.p50') }}</th>
            <th class="number">{{ i18n.t('latency.p95') }}</th>
            <th class="number">{{ i18n.t('tokens') }}</th>
          </tr>
        </thead>
        <tbody>
          @for (row of rows(); track row.group) {
            <tr>
              <td>
                @if (row.known) {
                  <a class="name" [routerLink]="['/groups', row.group]">{{ row.group }}</a>
                } @else {
                  <span class="soft">{{ row.group }}</span>
                }
                <span class="tag">{{ row.channel }}</span>
              </td>
              <td class="keys">
                @if (row.keys) {
                  <km-key-states class="slim" [counts]="row.keys" />
                }
              </td>
              <td class="number" [class.faint]="row.requests === 0">
                {{ i18n.number(row.requests) }}
              </td>
              <td class="number" [class.wrong]="row.error_rate >= 0.05">
                {{ row.requests === 0 ? '–' : i18n.percent(row.error_rate) }}
              </td>
              <td class="number">{{ span(row.latency_p50_ms) }}</td>
              <td class="number">{{ span(row.latency_p95_ms) }}</td>
              <td class="number">
                {{ row.requests === 0 ? '–' : i18n.compact(row.tokens_in + row.tokens_out) }}
              </td>
            </tr>
          }
        </tbody>
      </table>
    </div>
  </section>`,
  styles: `
    .name {
      margin-inline-end: 8px;
      font-weight: 500;
    }
    .keys {
      min-width: 180px;
    }
    td.wrong {
      font-size: inherit;
    }
  `,
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class GroupTable {
  readonly i18n = inject(I18n);
  readonly groups = input.required<readonly Group[]>();
  readonly overview = input.required<Answer<'statsOverview'>>();

  readonly rows = computed(() => {
    const { groups: totals, keys_by_group: keys } = this.overview();
    const known = new Map(this.groups().map((each) => [each.name, each]));
    const busy = new Set(totals.map(({ group }) => group));
    const quiet = this.groups().filter(({ name }) => !busy.has(name));
    return [...totals, ...quiet.map(({ name }) => ({ ...nothing, group: name }))]
      .map((each) => ({
        ...each,
        known: known.has(each.group),
        channel: known.get(each.group)?.channel ?? '–',
        keys: keys[each.group],
      }))
      .toSorted((a, b) => b.requests - a.requests);
  });

  span(ms: number | null): string {
    return ms === null ? '–' : this.i18n.span(ms);
  }
}
