import { ChangeDetectionStrategy, Component, computed, inject, input, signal } from '@angular/core';
import { RouterLink } from '@angular/router';
import { Api } from '../api/api.ts';
import type { Revision } from '../api/generated.ts';
import { Live } from '../api/live.ts';
import { loaded } from '../api/loaded.ts';
import { Confirm } from '../design/confirm.ts';
import { Empty } from '../design/empty.ts';
import { Icon } from '../design/icon.ts';
import { LoadState } from '../design/load-state.ts';
import { TimeAgo } from '../design/time-ago.ts';
import { Toasts } from '../design/toasts.ts';
import { I18n } from '../i18n/i18n.ts';
import { TaskList } from '../tasks/task-list.ts';
import { verdictIcons, verdictTones } from '../verdicts/verdict-kinds.ts';
import { knownVerdicts } from '../verdicts/known-verdicts.ts';
import { VerdictList } from '../verdicts/verdict-list.ts';
import { VerdictRun } from '../verdicts/verdict-run.ts';
import { actorText, deedText, undoneText } from './deed-text.ts';
import { DiffTable } from './diff-table.ts';
import { deedEntry, entriesOf } from './entries.ts';
import { byDay, type Deed, revertedUndos, streamOf } from './stream.ts';
import { UndoVerdicts } from './undo-verdicts.ts';

const pageSize = 50;
const most = 1000;
const refreshMs = 15_000;
/** Of verdicts, which come in bursts. */
const verdictsAtOnce = 200;
const topics = ['all', 'verdicts', 'config', 'keys', 'access'] as const;

/** What people did, what changed, and what policies decided on keys, as it happens. */
@Component({
  selector: 'km-activity-page',
  imports: [
    RouterLink,
    DiffTable,
    Empty,
    Icon,
    LoadState,
    TimeAgo,
    UndoVerdicts,
    VerdictList,
    VerdictRun,
  ],
  templateUrl: './activity-page.html',
  styleUrls: ['./entries.css', './activity-page.css'],
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class ActivityPage {
  readonly i18n = inject(I18n);
  readonly #api = inject(Api);
  readonly #confirm = inject(Confirm);
  readonly #tasks = inject(TaskList);
  readonly #toasts = inject(Toasts);
  readonly topics = topics;
  readonly icons = { config: 'settings', keys: 'key', access: 'signIn' } as const;
  readonly verdictIcons = verdictIcons;
  readonly verdictTones = verdictTones;
  /** Of the address: what is shown, and of which group verdicts are. */
  readonly show = input<string>();
  readonly group = input<string>();
  readonly topic = computed(() => topics.find((each) => each === this.show()) ?? 'all');
  readonly limit = signal(pageSize);
  readonly undoing = signal(false);

  readonly #live = inject(Live);
  readonly #news = computed(() =>
    // A task tells of its progress many times; its beginning and its end are what may be news here.
    this.#tasks
      .tasks()
      .map(({ id, state }) => `${id} ${state}`)
      .join(),
  );
  readonly deeds = loaded({
    params: this.limit,
    load: async (limit, signal) => {
      const [audit, revisions] = await Promise.all([
        this.#api.call('listAudit', { query: { limit }, signal }),
        this.#api.call('listRevisions', { query: { limit }, signal }),
      ]);
      const more = audit.next_cursor !== null || revisions.next_cursor !== null;
      return { stream: streamOf(audit, revisions), more };
    },
    hints: [this.#live.config, this.#news],
    everyMs: refreshMs,
    keep: true,
  });
  readonly verdicts = knownVerdicts(() =>
    this.topic() === 'all' ? { group: '', kind: '', limit: verdictsAtOnce } : undefined,
  );
  readonly days = computed(() => {
    const topic = this.topic();
    const deeds = this.deeds.value() ?? { stream: [], more: false };
    if (topic !== 'all') {
      return byDay(deeds.stream.filter((each) => each.topic === topic).map(deedEntry));
    }
    return byDay(entriesOf(deeds, this.verdicts.value() ?? { items: [], next_cursor: null }));
  });
  readonly reverted = computed(() => revertedUndos(this.deeds.value()?.stream ?? []));
  readonly mayHaveMore = computed(() => this.deeds.value()?.more === true && this.limit() < most);

  text(deed: Deed): string {
    return deedText(this.i18n, deed);
  }

  actor(deed: Deed): string {
    return actorText(this.i18n, deed.actor);
  }

  undone(deed: Deed): string {
    return undoneText(this.i18n, deed);
  }

  day(ms: number): string {
    return new Intl.DateTimeFormat(this.i18n.locale(), { dateStyle: 'full' }).format(ms);
  }

  isReverted({ data }: Deed): boolean {
    return this.reverted().has(String(data['undo_id']));
  }

  fields({ diff }: Revision): string {
    return diff.map(({ field }) => field).join(', ');
  }

  showMore(): void {
    this.limit.update((limit) => Math.min(most, limit + pageSize));
  }

  async revert({ data }: Deed): Promise<void> {
    const agreed = await this.#confirm.ask({
      title: this.i18n.t('undo.revertTitle'),
      text: this.i18n.t('undo.revertText'),
      action: this.i18n.t('undo.revert'),
    });
    if (!agreed) return;
    try {
      const id = String(data['undo_id']);
      this.#tasks.started(await this.#api.call('revertUndo', { path: { id } }));
      this.deeds.reload();
    } catch (error) {
      this.#toasts.failed(error);
    }
  }
}
