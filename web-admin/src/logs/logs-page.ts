import { ChangeDetectionStrategy, Component, computed, effect, inject } from '@angular/core';
import { toSignal } from '@angular/core/rxjs-interop';
import { ActivatedRoute, Router, RouterOutlet } from '@angular/router';
import { addressOf } from '../api/address.ts';
import { routes } from '../api/generated.ts';
import { Empty } from '../design/empty.ts';
import { Icon } from '../design/icon.ts';
import { LoadState } from '../design/load-state.ts';
import { MatMenuModule } from '@angular/material/menu';
import { I18n } from '../i18n/i18n.ts';
import { knownSettings, rowsWaitMinutes } from '../settings/known-settings.ts';
import { knownGroups } from '../groups/known-groups.ts';
import { LogFeed } from './log-feed.ts';
import { LogFilterBar } from './log-filter-bar.ts';
import { countFilters, type LogFilters, readFilters, toParams, toQuery } from './log-filters.ts';
import { LogTable } from './log-table.ts';

/** The requests that were and those that come. */
@Component({
  selector: 'km-logs-page',
  imports: [Empty, Icon, LoadState, LogFilterBar, LogTable, MatMenuModule, RouterOutlet],
  providers: [LogFeed],
  templateUrl: './logs-page.html',
  styleUrl: './logs-page.css',
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class LogsPage {
  readonly i18n = inject(I18n);
  readonly feed = inject(LogFeed);
  readonly #router = inject(Router);
  readonly #route = inject(ActivatedRoute);
  readonly #params = toSignal(this.#route.queryParams, { initialValue: {} });

  readonly filters = computed(() => readFilters(this.#params()), {
    equal: (a, b) => JSON.stringify(a) === JSON.stringify(b),
  });
  readonly narrowed = computed(() => countFilters(this.filters()) > 0 || 'q' in this.filters());
  readonly groups = knownGroups();
  readonly #settings = knownSettings();
  readonly waitMinutes = computed(() => rowsWaitMinutes(this.#settings.value()?.items));
  readonly olderFailed = computed(() => {
    const error = this.feed.error();
    return error instanceof Error ? error.message : null;
  });

  constructor() {
    effect(() => this.feed.filters.set(this.filters()));
    effect(() => this.feed.waitMs.set(this.waitMinutes() * 60_000));
  }

  narrow(filters: LogFilters): void {
    void this.#router.navigate(['/logs'], { queryParams: toParams(filters) });
  }

  exportAs(format: 'csv' | 'ndjson'): string {
    return addressOf(
      routes.exportLogs.path,
      {},
      { ...toQuery(this.filters(), Date.now()), format },
    );
  }
}
