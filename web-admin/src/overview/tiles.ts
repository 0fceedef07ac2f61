import { ChangeDetectionStrategy, Component, computed, inject, input } from '@angular/core';
import type { Answer } from '../api/api.ts';
import { isKnown } from '../design/key-states.ts';
import { I18n } from '../i18n/i18n.ts';

/** From this share of errors on, the number is red. */
const alarming = 0.05;

/** The numbers of a span of time at a glance. */
@Component({
  selector: 'km-tiles',
  template: `<dl>
    @for (tile of tiles(); track tile.name) {
      <div class="card">
        <dt>{{ tile.name }}</dt>
        <dd [class.bad]="tile.bad">{{ tile.value }}</dd>
        <dd class="more">{{ tile.more }}</dd>
      </div>
    }
  </dl>`,
  styles: `
    dl {
      display: grid;
      grid-template-columns: repeat(auto-fit, minmax(150px, 1fr));
      gap: 12px;
    }
    .card {
      padding: 14px 16px;
    }
    dt {
      color: var(--text-faint);
      font-size: 12.5px;
    }
    dd {
      margin-top: 2px;
      font-size: 24px;
      line-height: 32px;
      font-weight: 600;
      letter-spacing: -0.02em;
      white-space: nowrap;
    }
    .more {
      margin: 0;
      color: var(--text-soft);
      font-size: 12.5px;
      line-height: 18px;
      font-weight: 400;
      letter-spacing: 0;
      white-space: normal;
    }
    .bad {
      color: var(--bad);
    }
    @media (max-width: 480px) {
      dl {
        grid-template-columns: 1fr 1fr;
        gap: 8px;
      }
      .card {
        padding: 10px 12px;
      }
      dd {
        font-size: 20px;
        line-height: 28px;
      }
    }
  `,
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class Tiles {
  readonly #i18n = inject(I18n);
  readonly totals = input.required<Answer<'statsOverview'>>();

  readonly tiles = computed(() => {
    const { t, ...i18n } = this.#texts();
    const totals = this.totals();
    const keys = Object.values(totals.keys).reduce((sum, each) => sum + each, 0);
    return [
      { name: t('requests'), value: i18n.count(totals.requests), more: i18n.rate(totals) },
      {
        name: t('errorRate'),
        value: i18n.percent(totals.error_rate),
        more: t('overview.errors', { n: totals.errors }),
        bad: totals.error_rate >= alarming,
      },
      {
        name: t('latency.p50'),
        value: i18n.span(totals.latency_p50_ms),
        more: `p95 ${i18n.span(totals.latency_p95_ms)}`,
      },
      {
        name: t('ttfb.p50'),
        value: i18n.span(totals.ttfb_p50_ms),
        more: `p95 ${i18n.span(totals.ttfb_p95_ms)}`,
      },
      {
        name: t('tokens'),
        value: i18n.count(totals.tokens_in + totals.tokens_out),
        more: t('overview.inOut', {
          in: i18n.count(totals.tokens_in),
          out: i18n.count(totals.tokens_out),
        }),
      },
      {
        name: t('overview.usableKeys'),
        value: isKnown(totals.keys) ? i18n.keys(totals.keys['active'] ?? 0) : '–',
        more: isKnown(totals.keys) ? t('overview.ofKeys', { n: keys }) : '',
      },
    ];
  });

  #texts() {
    const i18n = this.#i18n;
    return {
      t: i18n.t,
      count: (value: number) => i18n.compact(value),
      // In full where it fits: 4,993 of 5,000 are not 5K of 5,000.
      keys: (value: number) => (value < 1_000_000 ? i18n.number(value) : i18n.compact(value)),
      percent: (share: number) => i18n.percent(share),
      span: (ms: number | null) => (ms === null ? '–' : i18n.span(ms)),
      rate: ({ requests, from, to }: Answer<'statsOverview'>) => {
        const minutes = (Date.parse(to) - Date.parse(from)) / 60_000;
        const perMinute = i18n.number(requests / minutes, { maximumFractionDigits: 1 });
        return i18n.t('overview.perMinute', { rate: perMinute });
      },
    };
  }
}
