import {
  ChangeDetectionStrategy,
  Component,
  computed,
  effect,
  inject,
  signal,
  untracked,
} from '@angular/core';

import { actorText } from '../activity/deed-text.ts';
import { Api } from '../api/api.ts';
import type { Revision } from '../api/generated.ts';
import { Live } from '../api/live.ts';
import { loaded } from '../api/loaded.ts';
import { ApiProblem } from '../api/problem.ts';
import { Confirm } from '../design/confirm.ts';
import { Empty } from '../design/empty.ts';
import { SettingsHead } from './settings-head.ts';
import { Icon } from '../design/icon.ts';
import { LoadState } from '../design/load-state.ts';
import { TimeAgo } from '../design/time-ago.ts';
import { Toasts } from '../design/toasts.ts';
import { I18n } from '../i18n/i18n.ts';
import { DiffList } from '../design/diff-list.ts';
import { type RestoreCall, undoOf } from './undo-of.ts';

const pageSize = 50;

/** Every change of the config, each to look at, undo or go back to. */
@Component({
  selector: 'km-revisions-page',
  imports: [DiffList, Empty, Icon, LoadState, SettingsHead, TimeAgo],
  templateUrl: './revisions-page.html',
  styleUrls: ['./settings-page.css', './revisions-page.css'],
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class RevisionsPage {
  readonly i18n = inject(I18n);
  readonly #api = inject(Api);
  readonly #live = inject(Live);
  readonly #toasts = inject(Toasts);
  readonly #confirm = inject(Confirm);
  readonly #older = signal<readonly Revision[]>([]);
  readonly #cursor = signal<string | null>(null);
  readonly busy = signal(false);
  readonly undoOf = undoOf;
  readonly actorText = actorText;

  readonly newest = loaded({
    params: () => ({}),
    load: (_, signal) => this.#api.call('listRevisions', { query: { limit: pageSize }, signal }),
    hints: [this.#live.config],
  });
  readonly rows = computed(() => [...(this.newest.value()?.items ?? []), ...this.#older()]);
  readonly hasOlder = computed(() => this.#cursor() !== null);

  constructor() {
    effect(() => {
      const cursor = this.newest.value()?.next_cursor ?? null;
      // A list that begins anew begins with its first page.
      untracked(() => {
        this.#older.set([]);
        this.#cursor.set(cursor);
      });
    });
  }

  what({ type }: Revision): string {
    const key = `revision.${type}`;
    return this.i18n.has(key) ? this.i18n.t(key) : type;
  }

  /** What else is changed there is one of. */
  isOfGroup({ type }: Revision): boolean {
    return type === 'GroupCreated' || type === 'GroupChanged' || type === 'GroupDeleted';
  }

  async older(): Promise<void> {
    const cursor = this.#cursor();
    if (cursor === null || this.busy()) return;
    this.busy.set(true);
    try {
      const query = { limit: pageSize, cursor };
      const { items, next_cursor } = await this.#api.call('listRevisions', { query });
      if (this.#cursor() !== cursor) return;
      this.#older.update((older) => [...older, ...items]);
      this.#cursor.set(next_cursor);
    } catch (error) {
      this.#toasts.failed(error);
    } finally {
      this.busy.set(false);
    }
  }

  async undo(change: Revision): Promise<void> {
    const call = undoOf(change);
    if (call === null) return;
    await this.#restore(call, this.i18n.t('revision.undoTitle', { number: `#${change.revision}` }));
  }

  async goBack({ revision }: Revision): Promise<void> {
    const title = this.i18n.t('revision.restoreTitle', { number: `#${revision}` });
    await this.#restore({ revision, query: {} }, title);
  }

  async #restore({ revision, query }: RestoreCall, title: string): Promise<void> {
    const { t } = this.i18n;
    const path = { revision };
    this.busy.set(true);
    try {
      const dry = await this.#api.call('restoreRevision', {
        path,
        query: { ...query, dry_run: true },
      });
      const gone = (dry.preview?.groups ?? []).filter(({ change }) => change === 'deleted');
      const names = gone.map(({ group }) => group).join(', ');
      const agreed = await this.#confirm.ask({
        title,
        text: names === '' ? t('revision.restoreText') : t('revision.deletes', { groups: names }),
        action: t('revision.restore'),
        diff: dry.diff,
        ...(gone[0] === undefined ? {} : { name: gone[0].group, dangerous: true }),
      });
      if (!agreed) return;
      await this.#api.call('restoreRevision', { path, query, ifMatch: dry.revision });
      this.#toasts.done(t('revision.restored'));
      this.newest.reload();
    } catch (error) {
      const stale = error instanceof ApiProblem && error.status === 409;
      this.#toasts.failed(stale ? t('revision.stale') : error);
      if (stale) this.newest.reload();
    } finally {
      this.busy.set(false);
    }
  }
}
