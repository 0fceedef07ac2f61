import { ChangeDetectionStrategy, Component, computed, inject, input } from '@angular/core';
import { Router, RouterLink } from '@angular/router';
import { Api } from '../api/api.ts';
import { Live } from '../api/live.ts';
import { loaded } from '../api/loaded.ts';
import { Chart, type ChartSeries } from '../design/chart.ts';
import { Empty } from '../design/empty.ts';
import { Icon } from '../design/icon.ts';
import { isKnown, KeyStates } from '../design/key-states.ts';
import { LoadState } from '../design/load-state.ts';
import { asRange, type Range, RangeChoice } from '../design/range-choice.ts';
import { I18n } from '../i18n/i18n.ts';
import { knownGroups } from '../groups/known-groups.ts';
import { knownSettings, rowsWaitMinutes } from '../settings/known-settings.ts';
import { knownUnread } from '../settings/known-unread.ts';
import { WallClock } from '../design/clock.ts';
import { knownVerdicts } from '../verdicts/known-verdicts.ts';
import { RecentVerdicts } from '../verdicts/recent-verdicts.ts';
import { Attention } from './attention.ts';
import { concernsOf } from './concerns.ts';
import { FirstSteps } from './first-steps.ts';
import { GroupTable } from './group-table.ts';
import { Tiles } from './tiles.ts';
import { recentMs, requestsLately, troublesOf } from './troubles.ts';
import { unreadWarningOf, warningsOf } from './warnings.ts';

const refreshMs = 10_000;
const troublesLooked = 100;
const metrics = [
  'requests',
  'errors',
  'latency_p50_ms',
  'latency_p95_ms',
  'ttfb_p50_ms',
  'tokens_in',
  'tokens_out',
] as const;
type Metric = (typeof metrics)[number];

/** How Keymux does, and what needs a look. */
@Component({
  selector: 'km-overview-page',
  imports: [
    RouterLink,
    Attention,
    Chart,
    Empty,
    FirstSteps,
    GroupTable,
    Icon,
    KeyStates,
    LoadState,
    RangeChoice,
    RecentVerdicts,
    Tiles,
  ],
  templateUrl: './overview-page.html',
  styleUrl: './overview-page.css',
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class OverviewPage {
  readonly i18n = inject(I18n);
  readonly #api = inject(Api);
  readonly #live = inject(Live);
  readonly isKnown = isKnown;
  readonly #router = inject(Router);
  /** Of the address, so that a reload, a link and the way back keep them. */
  readonly range = input<Range, string | undefined>('24h', { transform: asRange });
  readonly group = input('', { transform: (name: string | undefined) => name ?? '' });
  readonly #asked = computed(() => ({
    range: this.range(),
    ...(this.group() === '' ? {} : { group: this.group() }),
  }));

  readonly groups = knownGroups();
  readonly settings = knownSettings();
  readonly unread = knownUnread(1);
  readonly overview = loaded({
    params: this.#asked,
    load: (query, signal) => this.#api.call('statsOverview', { query, signal }),
    hints: [this.#live.keys, this.#live.config],
    everyMs: refreshMs,
    keep: true,
  });
  readonly series = loaded({
    params: this.#asked,
    load: async (asked, signal) => {
      const answers = await Promise.all(
        metrics.map((metric) =>
          this.#api.call('statsSeries', { query: { ...asked, metric }, signal }),
        ),
      );
      return new Map(metrics.map((metric, at) => [metric, answers[at]?.series[0]?.points ?? []]));
    },
    everyMs: refreshMs,
    keep: true,
  });

  readonly #clock = inject(WallClock);
  readonly failed = loaded({
    params: () => ({ outcome: 'upstream', limit: troublesLooked }) as const,
    load: (query, signal) => {
      const from = new Date(Date.now() - recentMs).toISOString();
      return this.#api.call('listLogs', { query: { ...query, from }, signal });
    },
    everyMs: refreshMs,
    keep: true,
  });
  readonly lately = loaded({
    params: () => ({ metric: 'requests', by: 'group', range: '1h' }) as const,
    load: (query, signal) => this.#api.call('statsSeries', { query, signal }),
    everyMs: refreshMs,
    keep: true,
  });
  readonly guards = knownVerdicts(() => ({ group: '', kind: 'guard', limit: troublesLooked }));
  readonly #troubles = computed(() =>
    troublesOf(
      {
        failed: {
          items: this.failed.value()?.items ?? [],
          cut: (this.failed.value()?.next_cursor ?? null) !== null,
        },
        requests: requestsLately(this.lately.value()?.series ?? [], this.#clock.nowMs()),
        guards: this.guards.value()?.items ?? [],
      },
      this.#clock.nowMs(),
    ),
  );

  readonly shownGroups = computed(() => {
    const groups = this.groups.value()?.items ?? [];
    return this.group() === '' ? groups : groups.filter((it) => it.name === this.group());
  });
  readonly waitMinutes = computed(() => rowsWaitMinutes(this.settings.value()?.items));
  readonly concerns = computed(() => {
    const overview = this.overview.value();
    if (overview === undefined) return [];
    const keys = isKnown(overview.keys)
      ? new Map(Object.entries(overview.keys_by_group))
      : undefined;
    return concernsOf(this.shownGroups(), {
      totals: overview.groups,
      keys,
      troubles: this.#troubles(),
    });
  });
  readonly warnings = computed(() => {
    const [settings, groups] = [this.settings.value()?.items, this.groups.value()?.items];
    const unread = unreadWarningOf(this.unread.value() ?? { items: [] }, this.#clock.nowMs());
    // Of what is not known nothing is said.
    if (settings === undefined || groups === undefined) return unread;
    const { protocol, hostname: host } = location;
    return [...unread, ...warningsOf({ settings, groups, protocol, host })];
  });
  /** How much time a point of a chart stands for, in words. */
  readonly step = computed(() => {
    const [first, second] = this.series.value()?.get('requests') ?? [];
    if (first === undefined || second === undefined) return null;
    return this.i18n.span(Date.parse(second.time) - Date.parse(first.time));
  });
  readonly traffic = computed(() => [
    this.#sums('requests', this.i18n.t('requests'), 'accent'),
    this.#sums('errors', this.i18n.t('errors'), 'bad'),
  ]);
  readonly latency = computed(() => [
    this.#line('latency_p50_ms', this.i18n.t('latency.p50'), 'accent'),
    this.#line('latency_p95_ms', this.i18n.t('latency.p95'), 'second'),
    this.#line('ttfb_p50_ms', this.i18n.t('ttfb.p50'), 'calm'),
  ]);
  readonly tokens = computed(() => [
    this.#sums('tokens_in', this.i18n.t('tokens.in'), 'accent'),
    this.#sums('tokens_out', this.i18n.t('tokens.out'), 'second'),
  ]);
  readonly count = (value: number): string => this.i18n.compact(value);
  readonly span = (value: number): string => this.i18n.span(value);

  look(queryParams: { readonly range: Range | null } | { readonly group: string | null }): void {
    void this.#router.navigate([], {
      queryParams,
      queryParamsHandling: 'merge',
      replaceUrl: true,
    });
  }

  #line(metric: Metric, name: string, tone: ChartSeries['tone']): ChartSeries {
    return { name, tone, points: this.series.value()?.get(metric) ?? [] };
  }

  /** What is summed up by steps: the last one is not over. */
  #sums(metric: Metric, name: string, tone: ChartSeries['tone']): ChartSeries {
    return { ...this.#line(metric, name, tone), growing: true };
  }
}
