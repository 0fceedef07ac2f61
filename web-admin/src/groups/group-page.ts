import { ChangeDetectionStrategy, Component, computed, inject, input, signal } from '@angular/core';
import { Router, RouterLink } from '@angular/router';
import { Api, type Answer } from '../api/api.ts';
import { Live } from '../api/live.ts';
import { loaded } from '../api/loaded.ts';
import { Confirm } from '../design/confirm.ts';
import { CopyButton } from '../design/copy-button.ts';
import { Icon } from '../design/icon.ts';
import { isKnown, KeyStates } from '../design/key-states.ts';
import { LoadState } from '../design/load-state.ts';
import { TimeAgo } from '../design/time-ago.ts';
import { Toasts } from '../design/toasts.ts';
import { I18n } from '../i18n/i18n.ts';
import { statusTone } from '../logs/outcome.ts';
import { knownSettings } from '../settings/known-settings.ts';
import { RecentVerdicts } from '../verdicts/recent-verdicts.ts';
import { endpointOf } from './endpoint.ts';
import { EffectiveConfig } from './effective-config.ts';
import { Snippets } from './snippets-card.ts';
import { TestResults } from './test-results.ts';
import { CopyGroup } from './copy-dialog.ts';
import { PoolPast } from './pool-past.ts';
import { Trail } from './trail.ts';
import { UpstreamList } from './upstream-list.ts';

/** One group: how to use it, how it does, what it is set to. */
@Component({
  selector: 'km-group-page',
  imports: [
    RouterLink,
    CopyButton,
    EffectiveConfig,
    Icon,
    KeyStates,
    LoadState,
    PoolPast,
    RecentVerdicts,
    Snippets,
    TestResults,
    TimeAgo,
    Trail,
    UpstreamList,
  ],
  templateUrl: './group-page.html',
  styleUrl: './group-page.css',
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class GroupPage {
  readonly i18n = inject(I18n);
  readonly #api = inject(Api);
  readonly #live = inject(Live);
  readonly #router = inject(Router);
  readonly #toasts = inject(Toasts);
  readonly #confirm = inject(Confirm);
  readonly copies = inject(CopyGroup);
  readonly name = input.required<string>();
  readonly tone = statusTone;

  readonly group = loaded({
    params: this.name,
    load: (name, signal) => this.#api.call('getGroup', { path: { name }, signal }),
    hints: [this.#live.config],
  });
  readonly settings = knownSettings();
  readonly stats = loaded({
    params: this.name,
    load: (group, signal) =>
      this.#api.call('statsOverview', { query: { range: '24h', group }, signal }),
    hints: [this.#live.keys],
    everyMs: 10_000,
  });
  readonly hasNoKeys = computed(() => {
    const counts = this.stats.value()?.keys;
    return counts && isKnown(counts) && Object.values(counts).every((each) => each === 0);
  });
  readonly failures = loaded({
    params: this.name,
    load: (group, signal) =>
      this.#api.call('listLogs', { query: { group, outcome: 'error', limit: 8 }, signal }),
    everyMs: 10_000,
  });
  /** With an endpoint that can be reached from here. */
  readonly shown = computed(() => {
    const [group, settings] = [this.group.value(), this.settings.value()?.items ?? []];
    return group && { ...group, endpoint: endpointOf(group, settings, location.origin) };
  });
  readonly testing = signal(false);
  readonly results = signal<Answer<'testGroup'>['results'] | undefined>(undefined);
  readonly proxyKey = computed(() => {
    const own = this.group.value()?.proxy_keys[0];
    const settings = this.settings.value()?.items;
    if (own !== undefined) return own;
    if (settings === undefined) return null;
    const global = String(settings.find(({ name }) => name === 'proxy_keys')?.value ?? '');
    return global.split(',')[0]?.trim() ?? '';
  });

  async test(): Promise<void> {
    this.testing.set(true);
    try {
      const { results } = await this.#api.call('testGroup', { path: { name: this.name() } });
      this.results.set(results);
    } catch (error) {
      this.#toasts.failed(error);
    } finally {
      this.testing.set(false);
    }
  }

  async remove(): Promise<void> {
    const name = this.name();
    const yes = await this.#confirm.ask({
      title: this.i18n.t('groups.delete', { name }),
      text: this.i18n.t('groups.deleteText'),
      action: this.i18n.t('delete'),
      dangerous: true,
      name,
    });
    if (!yes) return;
    try {
      await this.#api.call('deleteGroup', { path: { name } });
      await this.#router.navigateByUrl('/groups');
    } catch (error) {
      this.#toasts.failed(error);
    }
  }
}
