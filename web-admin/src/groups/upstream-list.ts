import { ChangeDetectionStrategy, Component, computed, inject, input } from '@angular/core';
import { Api } from '../api/api.ts';
import type { Group } from '../api/generated.ts';
import { loaded } from '../api/loaded.ts';
import { WallClock } from '../design/clock.ts';
import { I18n } from '../i18n/i18n.ts';
import { recentMs, troublesOf } from '../overview/troubles.ts';
import { knownVerdicts } from '../verdicts/known-verdicts.ts';

const refreshMs = 10_000;
const looked = 100;

/** The upstreams of a group, and how each did in the last minutes. */
@Component({
  selector: 'km-upstream-list',
  template: `<ul>
    @for (upstream of upstreams(); track upstream.url) {
      <li>
        <i class="dot" [class]="upstream.tone" aria-hidden="true"></i>
        <span class="grow">
          <code>{{ upstream.url }}</code>
          <span class="small soft health">{{ upstream.health }}</span>
        </span>
        <span class="faint nowrap">{{ i18n.t('groups.weight', { n: upstream.weight }) }}</span>
      </li>
    }
  </ul>`,
  styles: `
    li {
      display: flex;
      align-items: baseline;
      gap: 10px;
      padding: 8px 16px;
      border-bottom: 1px solid var(--line);
    }
    li:last-child {
      border-bottom: 0;
    }
    code {
      overflow-wrap: anywhere;
    }
    .health {
      display: block;
    }
  `,
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class UpstreamList {
  readonly i18n = inject(I18n);
  readonly #api = inject(Api);
  readonly #clock = inject(WallClock);
  readonly group = input.required<Group>();

  readonly #name = computed(() => this.group().name);
  readonly #failed = loaded({
    params: this.#name,
    load: (group, signal) => {
      const from = new Date(Date.now() - recentMs).toISOString();
      const query = { group, outcome: 'upstream', from, limit: looked } as const;
      return this.#api.call('listLogs', { query, signal });
    },
    everyMs: refreshMs,
    keep: true,
  });
  readonly #guards = knownVerdicts(() => ({ group: this.#name(), kind: 'guard', limit: looked }));

  readonly upstreams = computed(() => {
    const failed = this.#failed.value()?.items;
    const troubles = troublesOf(
      { failed: failed ?? [], guards: this.#guards.value()?.items ?? [] },
      this.#clock.nowMs(),
    );
    return this.group().upstreams.map(({ url, weight }) => {
      const trouble = troubles.find(({ upstream }) => upstream === url);
      if (trouble !== undefined) {
        const health = this.i18n.t(`upstream.${trouble.kind}`, { n: trouble.n });
        return { url, weight, health, tone: 'bad' };
      }
      if (failed === undefined) return { url, weight, health: '', tone: '' };
      return { url, weight, health: this.i18n.t('upstream.fine'), tone: 'good' };
    });
  });
}
