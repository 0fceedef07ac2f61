import { ChangeDetectionStrategy, Component, computed, inject, type Signal } from '@angular/core';
import { MAT_DIALOG_DATA, MatDialogRef } from '@angular/material/dialog';
import { Router, RouterLink } from '@angular/router';
import { Api } from '../api/api.ts';
import type { LogRow } from '../api/generated.ts';
import { loaded } from '../api/loaded.ts';
import { CopyButton } from '../design/copy-button.ts';
import { Icon } from '../design/icon.ts';
import { LoadState } from '../design/load-state.ts';
import type { MessageKey } from '../i18n/en.ts';
import { I18n } from '../i18n/i18n.ts';
import { Attempts } from './attempts.ts';
import type { LogFeed } from './log-feed.ts';
import { outcomeNames, statusTone } from './outcome.ts';

/** What the drawer of a request is opened with. */
export interface LogDetailData {
  readonly requestId: Signal<string>;
  readonly feed: LogFeed;
}

interface Fact {
  readonly name: MessageKey;
  readonly value: string;
  readonly mono?: true;
  /** Whether one may want it elsewhere. */
  readonly copied?: false;
  /** Where it leads. */
  readonly link?: readonly string[];
  readonly params?: Readonly<Record<string, string>>;
}

/** Everything that is known of a request. */
@Component({
  selector: 'km-log-detail',
  imports: [Attempts, CopyButton, Icon, LoadState, RouterLink],
  templateUrl: './log-detail.html',
  styleUrl: './log-detail.css',
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class LogDetail {
  readonly i18n = inject(I18n);
  readonly ref = inject<MatDialogRef<LogDetail>>(MatDialogRef);
  readonly #router = inject(Router);
  readonly #api = inject(Api);
  readonly #data = inject<LogDetailData>(MAT_DIALOG_DATA);
  readonly tone = statusTone;
  readonly outcomeNames = outcomeNames;
  readonly requestId = this.#data.requestId;

  /** A row that the list knows is at hand: it may not be written yet. */
  readonly row = loaded<string, LogRow>({
    params: this.requestId,
    load: async (requestId, signal) =>
      this.#data.feed.row(requestId) ??
      (await this.#api.call('getLog', { path: { request_id: requestId }, signal })),
  });
  readonly #place = computed(() =>
    this.#data.feed.rows().findIndex((row) => row.request_id === this.requestId()),
  );
  readonly newer = computed(() => this.#data.feed.rows()[this.#place() - 1]?.request_id);
  readonly older = computed(() =>
    this.#place() < 0 ? undefined : this.#data.feed.rows()[this.#place() + 1]?.request_id,
  );
  readonly facts = computed((): readonly Fact[] => {
    const row = this.row.value();
    return row === undefined ? [] : this.#factsOf(row).filter(({ value }) => value !== '');
  });
  readonly json = computed(() => JSON.stringify(this.row.value() ?? {}, null, 2));

  go(requestId: string | undefined): void {
    if (requestId === undefined) return;
    void this.#router.navigate(['/logs', requestId], {
      queryParamsHandling: 'preserve',
      replaceUrl: true,
      scroll: 'manual',
    });
  }

  count(value: number | null): string {
    return value === null ? '–' : this.i18n.number(value);
  }

  #factsOf(row: LogRow): readonly Fact[] {
    const bytes = (n: number): string => this.i18n.bytes(n);
    const yesNo = this.i18n.t(row.streaming ? 'yes' : 'no');
    const group = (name: string | null): Partial<Fact> =>
      name === null ? {} : { link: ['/groups', name] };
    return [
      { name: 'logs.requestId', value: row.request_id, mono: true },
      { name: 'logs.time', value: this.i18n.preciseTime(row.time) },
      { name: 'group', value: row.group, ...group(row.group) },
      { name: 'logs.aggregate', value: row.aggregate ?? '', ...group(row.aggregate) },
      { name: 'logs.channel', value: row.channel ?? '', copied: false },
      { name: 'logs.model', value: row.model ?? '' },
      { name: 'logs.modelSent', value: row.model_sent ?? '' },
      {
        name: 'logs.proxyKey',
        value: row.proxy_key ?? '',
        mono: true,
        ...(row.proxy_key === null
          ? {}
          : { link: ['/logs'], params: { proxy_key: row.proxy_key } }),
      },
      { name: 'logs.streaming', value: yesNo, copied: false },
      { name: 'logs.bytesIn', value: bytes(row.bytes_in), copied: false },
      { name: 'logs.bytesOut', value: bytes(row.bytes_out), copied: false },
      { name: 'logs.sourceIp', value: row.source_ip, mono: true },
      { name: 'logs.userAgent', value: row.user_agent ?? '' },
      { name: 'logs.upstreamRequestId', value: row.upstream_request_id ?? '', mono: true },
      { name: 'logs.traceId', value: row.trace_id ?? '', mono: true },
      { name: 'logs.revision', value: String(row.revision), copied: false },
    ];
  }
}
