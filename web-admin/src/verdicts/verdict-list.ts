import { ChangeDetectionStrategy, Component, computed, inject, model, signal } from '@angular/core';
import { Empty } from '../design/empty.ts';
import { Icon } from '../design/icon.ts';
import { LoadState } from '../design/load-state.ts';
import { TimeAgo } from '../design/time-ago.ts';
import { knownGroups } from '../groups/known-groups.ts';
import { I18n } from '../i18n/i18n.ts';
import { knownVerdicts } from './known-verdicts.ts';
import { runsOf } from './runs.ts';
import { type VerdictKind, verdictIcons, verdictKinds, verdictTones } from './verdict-kinds.ts';
import { VerdictRun } from './verdict-run.ts';

const pageSize = 200;
const most = 1000;

/** All that policies decided on keys, of a group and of a kind. */
@Component({
  selector: 'km-verdict-list',
  imports: [Empty, Icon, LoadState, TimeAgo, VerdictRun],
  templateUrl: './verdict-list.html',
  styleUrl: '../activity/entries.css',
  styles: `
    :host {
      display: contents;
    }
    .none {
      justify-content: center;
    }
  `,
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class VerdictList {
  readonly i18n = inject(I18n);
  readonly kinds = verdictKinds;
  readonly icons = verdictIcons;
  readonly tones = verdictTones;
  readonly group = model('');
  readonly kind = signal<VerdictKind | ''>('');
  readonly #limit = signal(pageSize);
  readonly groups = knownGroups();
  readonly verdicts = knownVerdicts(() => ({
    group: this.group(),
    kind: this.kind(),
    limit: this.#limit(),
  }));
  readonly runs = computed(() => runsOf(this.verdicts.value()?.items ?? []));
  readonly mayHaveMore = computed(
    () => (this.verdicts.value()?.next_cursor ?? null) !== null && this.#limit() < most,
  );

  choose(kind: string): void {
    this.kind.set(verdictKinds.find((each) => each === kind) ?? '');
  }

  showMore(): void {
    this.#limit.update((limit) => Math.min(most, limit + pageSize));
  }
}
