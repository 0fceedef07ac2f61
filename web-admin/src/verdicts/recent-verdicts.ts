import { ChangeDetectionStrategy, Component, computed, inject, input } from '@angular/core';
import { RouterLink } from '@angular/router';
import { LoadState } from '../design/load-state.ts';
import { TimeAgo } from '../design/time-ago.ts';
import { I18n } from '../i18n/i18n.ts';
import { knownVerdicts } from './known-verdicts.ts';
import { runsOf } from './runs.ts';
import { verdictTones } from './verdict-kinds.ts';
import { VerdictRun } from './verdict-run.ts';

const looked = 100;
const shown = 6;

/** The last that policies decided on keys, of all groups or one, as a card. */
@Component({
  selector: 'km-recent-verdicts',
  imports: [RouterLink, LoadState, TimeAgo, VerdictRun],
  template: `<section class="card">
    <div class="card-head">
      <h2 class="grow">{{ i18n.t('verdicts.recent') }}</h2>
      <a class="small" routerLink="/activity" [queryParams]="all()">{{ i18n.t('verdicts.all') }}</a>
    </div>
    <km-load-state [of]="verdicts" />
    <ul>
      @for (run of runs(); track run.id) {
        <li>
          <i class="dot" [class]="tones[run.newest.kind]" aria-hidden="true"></i>
          <km-verdict-run class="dense grow" [run]="run" />
          <km-time class="faint small" [at]="run.time" />
        </li>
      } @empty {
        @if (verdicts.value() !== undefined) {
          <li class="soft">{{ i18n.t('verdicts.none') }}</li>
        }
      }
    </ul>
  </section>`,
  styles: `
    li {
      display: flex;
      align-items: baseline;
      gap: 10px;
      padding: 10px 16px;
      border-bottom: 1px solid var(--line);
    }
    li:last-child {
      border-bottom: 0;
    }
  `,
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class RecentVerdicts {
  readonly i18n = inject(I18n);
  readonly tones = verdictTones;
  /** Empty for all groups. */
  readonly group = input('');
  readonly verdicts = knownVerdicts(() => ({ group: this.group(), kind: '', limit: looked }));
  readonly runs = computed(() => runsOf(this.verdicts.value()?.items ?? []).slice(0, shown));
  readonly all = computed(() => ({
    show: 'verdicts',
    ...(this.group() === '' ? {} : { group: this.group() }),
  }));
}
