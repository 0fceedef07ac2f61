import { ChangeDetectionStrategy, Component, computed, inject, input } from '@angular/core';
import { Api } from '../api/api.ts';
import type { Group } from '../api/generated.ts';
import { loaded } from '../api/loaded.ts';
import { WallClock } from '../design/clock.ts';
import { I18n } from '../i18n/i18n.ts';
import { blamedOf, recentMs } from '../overview/troubles.ts';
import { knownVerdicts } from '../verdicts/known-verdicts.ts';
import { type Attempts, attemptsAt, toneOf } from './attempts-at.ts';

const refreshMs = 10_000;
const looked = 200;
const none = { made: 0, failed: 0 };

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
  readonly #requests = loaded({
    params: this.#name,
    load: (group, signal) => {
      const from = new Date(Date.now() - recentMs).toISOString();
      const query = { group, from, limit: looked };
      return this.#api.call('listLogs', { query, signal });
    },
    everyMs: refreshMs,
    keep: true,
  });
  readonly #guards = knownVerdicts(() => ({ group: this.#name(), kind: 'guard', limit: looked }));

  readonly upstreams = computed(() => {
    const rows = this.#requests.value()?.items;
    const attempts = attemptsAt(rows ?? []);
    const blamed = blamedOf(this.#guards.value()?.items ?? [], this.#clock.nowMs());
    return this.group().upstreams.map(({ url, weight }) => {
      const guard = blamed.find(({ upstream }) => upstream === url);
      if (guard !== undefined) {
        return { url, weight, health: this.i18n.t('upstream.guard', { n: guard.n }), tone: 'bad' };
      }
      if (rows === undefined) return { url, weight, health: '', tone: '' };
      const at = attempts.get(url) ?? none;
      return { url, weight, health: this.#tell(at), tone: toneOf(at) };
    });
  });

  #tell({ made, failed }: Attempts): string {
    if (made === 0) return this.i18n.t('upstream.idle');
    if (failed === 0) return this.i18n.t('upstream.fine', { n: made });
    const [of, some] = [this.i18n.number(made), this.i18n.number(failed)];
    return this.i18n.t('upstream.failing', { of, failed: some });
  }
}
