import { CdkVirtualScrollViewport, ScrollingModule } from '@angular/cdk/scrolling';
import {
  afterRenderEffect,
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
import { Router } from '@angular/router';
import { Empty } from '../design/empty.ts';
import { Icon } from '../design/icon.ts';
import { LoadState } from '../design/load-state.ts';
import { TimeAgo } from '../design/time-ago.ts';
import { Trail } from '../groups/trail.ts';
import { I18n } from '../i18n/i18n.ts';
import { ImportDialog } from './import-dialog.ts';
import { KeyDrawer } from './key-drawer.ts';
import { KeyFeed, type Sort } from './key-feed.ts';
import { KeyReason } from './key-reason.ts';
import { KeySelection } from './key-selection.ts';
import { type KeyStatus, statuses, statusNames, statusTones } from './key-status.ts';

const rowPx = 40;
/** A list is as high as its keys are, up to what no window has. */
const mostRows = 200;

/** The keys of a group. */
@Component({
  selector: 'km-keys-page',
  imports: [ScrollingModule, MatMenuModule, Empty, Icon, KeyReason, LoadState, TimeAgo, Trail],
  providers: [KeyFeed, KeySelection],
  templateUrl: './keys-page.html',
  styleUrl: './keys-page.css',
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class KeysPage {
  readonly i18n = inject(I18n);
  readonly feed = inject(KeyFeed);
  readonly selection = inject(KeySelection);
  readonly #dialog = inject(MatDialog);
  readonly #router = inject(Router);
  readonly viewport = viewChild(CdkVirtualScrollViewport);
  readonly name = input.required<string>();
  /** The id of the key whose drawer is open. */
  readonly key = input<string>();
  readonly rowPx = rowPx;
  readonly statuses = statuses;
  readonly statusNames = statusNames;
  readonly tones = statusTones;

  readonly status = signal<KeyStatus | ''>('');
  readonly q = signal('');
  readonly sort = signal<Sort>('created_at');
  readonly known = this.feed.known;
  readonly wishedPx = computed(() => Math.min(this.known().total, mostRows) * rowPx);
  #drawer: MatDialogRef<KeyDrawer> | undefined;

  constructor() {
    effect(() => {
      this.feed.asked.set({
        name: this.name(),
        status: this.status(),
        q: this.q(),
        sort: this.sort(),
      });
    });
    effect(() => {
      this.status();
      this.q();
      this.name();
      untracked(() => {
        this.selection.clear();
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
    afterRenderEffect(() => {
      // Both change how much of the list is in sight, which the list itself does not notice.
      this.wishedPx();
      this.selection.count();
      this.viewport()?.checkViewportSize();
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

  scrolled(index: number): void {
    const shown = Math.ceil((this.viewport()?.getViewportSize() ?? 0) / rowPx);
    this.feed.inSight.set({ start: index, end: index + shown + 1 });
    void this.feed.more(index);
  }

  sortBy(field: 'created_at' | 'last_used_at' | 'requests' | 'failures'): void {
    this.sort.set(this.sort() === `-${field}` ? field : `-${field}`);
  }

  ariaSort(field: string): 'ascending' | 'descending' | 'none' {
    if (this.sort() === field) return 'ascending';
    return this.sort() === `-${field}` ? 'descending' : 'none';
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
