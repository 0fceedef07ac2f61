import { CdkVirtualScrollViewport, ScrollingModule } from '@angular/cdk/scrolling';
import {
  ChangeDetectionStrategy,
  Component,
  computed,
  DestroyRef,
  effect,
  inject,
  input,
  signal,
  untracked,
  viewChild,
} from '@angular/core';
import { MatDialog, type MatDialogRef } from '@angular/material/dialog';
import { MatMenuModule } from '@angular/material/menu';
import { Router, RouterLink } from '@angular/router';
import { Api, type Query } from '../api/api.ts';
import type { Operations } from '../api/generated.ts';
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
import { ImportDialog } from './import-dialog.ts';
import { KeyReason } from './key-reason.ts';
import { KeyDrawer } from './key-drawer.ts';
import { type KnownKeys, noKeys, withPage } from './key-source.ts';
import { statuses, statusNames, statusTones, type KeyStatus } from './key-status.ts';

type Sort = NonNullable<Query<'listKeys'>['sort']>;
type Action = Operations['actOnKeys']['body']['action'];
const pageSize = 500;
/** From so many keys on, a deletion asks for the group's name. */
const many = 10;

/** The keys of a group. */
@Component({
  selector: 'km-keys-page',
  imports: [RouterLink, ScrollingModule, MatMenuModule, Empty, Icon, KeyReason, LoadState, TimeAgo],
  templateUrl: './keys-page.html',
  styleUrl: './keys-page.css',
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class KeysPage {
  readonly i18n = inject(I18n);
  readonly #api = inject(Api);
  readonly #live = inject(Live);
  readonly #dialog = inject(MatDialog);
  readonly #confirm = inject(Confirm);
  readonly #toasts = inject(Toasts);
  readonly #tasks = inject(TaskList);
  readonly viewport = viewChild(CdkVirtualScrollViewport);
  readonly #router = inject(Router);
  readonly name = input.required<string>();
  /** The id of the key whose drawer is open. */
  readonly key = input<string>();
  readonly statuses = statuses;
  readonly statusNames = statusNames;
  readonly tones = statusTones;

  readonly status = signal<KeyStatus | ''>('');
  readonly q = signal('');
  readonly sort = signal<Sort>('created_at');
  readonly selected = signal<ReadonlySet<string>>(new Set());
  /** Everything that matches, also what is not loaded. */
  readonly all = signal(false);

  readonly first = loaded({
    params: () => ({ name: this.name(), status: this.status(), q: this.q(), sort: this.sort() }),
    load: (asked, signal) => this.#page(asked, undefined, signal),
    hints: [this.#live.keys, () => this.#tasks.open().length],
    keep: true,
  });
  readonly known = signal<KnownKeys>(noKeys);
  #loading = false;
  #drawer: MatDialogRef<KeyDrawer> | undefined;
  readonly count = computed(() => (this.all() ? this.known().total : this.selected().size));

  constructor() {
    effect(() => {
      const page = this.first.value();
      if (page === undefined) return;
      untracked(() => {
        const fresh = withPage(noKeys, page);
        // Somebody who has scrolled down keeps the place: what is further down is only old.
        const known = this.known();
        const rest = known.keys.slice(fresh.keys.length);
        this.known.set(
          rest.length > 0 && known.keys[0]?.id === fresh.keys[0]?.id
            ? { keys: [...fresh.keys, ...rest], total: fresh.total, next: known.next }
            : fresh,
        );
      });
    });
    effect(() => {
      this.status();
      this.q();
      this.name();
      untracked(() => {
        this.clear();
        this.viewport()?.scrollToIndex(0);
      });
    });
    effect(() => {
      const id = this.key();
      untracked(() => {
        this.#drawer?.close();
        if (id !== undefined) this.#show(id);
      });
    });
    inject(DestroyRef).onDestroy(() => this.#drawer?.close());
  }

  #show(id: string): void {
    const drawer = this.#dialog.open(KeyDrawer, {
      data: id,
      width: '560px',
      panelClass: 'drawer-pane',
      ariaLabelledBy: 'key-title',
      autoFocus: 'dialog',
    });
    this.#drawer = drawer;
    drawer.afterClosed().subscribe(() => {
      if (this.key() === id) void this.#choose(null, { replaceUrl: true });
    });
  }

  /** The drawer is part of the address: it can be linked to, and left by going back. */
  #choose(key: string | null, how: { replaceUrl?: true } = {}): Promise<boolean> {
    return this.#router.navigate([], {
      queryParams: { key },
      queryParamsHandling: 'merge',
      ...how,
    });
  }

  #page(
    asked: { name: string; status: KeyStatus | ''; q: string; sort: Sort },
    cursor: string | undefined,
    signal?: AbortSignal,
  ) {
    const { name, status, q, sort } = asked;
    return this.#api.call('listKeys', {
      path: { name },
      query: {
        limit: pageSize,
        sort,
        q,
        ...(status === '' ? {} : { status }),
        ...(cursor === undefined ? {} : { cursor }),
      },
      ...(signal === undefined ? {} : { signal }),
    });
  }

  /** Loads on when the end of what is known comes near. */
  async scrolled(index: number): Promise<void> {
    const { keys, next } = this.known();
    if (next === null || this.#loading || index < keys.length - pageSize / 2) return;
    this.#loading = true;
    try {
      const asked = {
        name: this.name(),
        status: this.status(),
        q: this.q(),
        sort: this.sort(),
      };
      const page = await this.#page(asked, next);
      this.known.update((known) => (known.next === next ? withPage(known, page) : known));
    } catch (error) {
      this.#toasts.failed(error);
    } finally {
      this.#loading = false;
    }
  }

  sortBy(field: 'created_at' | 'last_used_at' | 'requests' | 'failures'): void {
    this.sort.set(this.sort() === `-${field}` ? field : `-${field}`);
  }

  ariaSort(field: string): 'ascending' | 'descending' | 'none' {
    if (this.sort() === field) return 'ascending';
    return this.sort() === `-${field}` ? 'descending' : 'none';
  }

  toggle(id: string): void {
    this.all.set(false);
    this.selected.update((ids) => {
      const next = new Set(ids);
      if (!next.delete(id)) next.add(id);
      return next;
    });
  }

  toggleAll(on: boolean): void {
    this.selected.set(new Set());
    this.all.set(on);
  }

  clear(): void {
    this.toggleAll(false);
  }

  async act(action: Action): Promise<void> {
    const name = this.name();
    const n = this.count();
    if (action === 'delete') {
      const yes = await this.#confirm.ask({
        title: this.i18n.t('keys.deleteN', { n }),
        text: this.i18n.t('keys.deleteText'),
        action: this.i18n.t('delete'),
        dangerous: true,
        ...(n >= many ? { name } : {}),
      });
      if (!yes) return;
    }
    const [status, q] = [this.status(), this.q()];
    const which = this.all()
      ? {
          ...(status === '' ? {} : { status }),
          ...(q === '' && status !== '' ? {} : { where: q === '' ? {} : { q } }),
        }
      : { ids: [...this.selected()] };
    try {
      const task = await this.#api.call('actOnKeys', {
        path: { name },
        body: { action, ...which },
      });
      this.#tasks.started(task);
      this.clear();
    } catch (error) {
      this.#toasts.failed(error);
    }
  }

  import(): void {
    this.#dialog.open(ImportDialog, {
      data: this.name(),
      width: '640px',
      ariaLabelledBy: 'import-title',
      autoFocus: 'textarea',
    });
  }

  openKey(id: string): void {
    void this.#choose(id);
  }
}
