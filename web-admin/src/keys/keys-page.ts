import {
  afterNextRender,
  ChangeDetectionStrategy,
  Component,
  computed,
  DestroyRef,
  effect,
  inject,
  Injector,
  input,
  linkedSignal,
  untracked,
  viewChild,
} from '@angular/core';
import { MatDialog, type MatDialogRef } from '@angular/material/dialog';
import { Router, RouterLink } from '@angular/router';
import { addressOf } from '../api/address.ts';
import { Api } from '../api/api.ts';
import { routes } from '../api/generated.ts';
import { loaded } from '../api/loaded.ts';
import { Empty } from '../design/empty.ts';
import { Icon } from '../design/icon.ts';
import { LoadState } from '../design/load-state.ts';
import { Trail } from '../groups/trail.ts';
import { I18n } from '../i18n/i18n.ts';
import { ImportDialog } from './import-dialog.ts';
import { KeyDrawer } from './key-drawer.ts';
import { KeyFeed } from './key-feed.ts';
import { type KeyFilters, readFilters, toParams } from './key-filters.ts';
import { type Action, KeySelection } from './key-selection.ts';
import { statuses, statusNames } from './key-status.ts';
import { KeyTable } from './key-table.ts';

/** The keys of a group. */
@Component({
  selector: 'km-keys-page',
  imports: [Empty, Icon, KeyTable, LoadState, RouterLink, Trail],
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
  readonly #injector = inject(Injector);
  readonly table = viewChild(KeyTable);
  readonly name = input.required<string>();
  /** The id of the key whose drawer is open. */
  readonly key = input<string>();
  readonly statuses = statuses;
  readonly statusNames = statusNames;

  /** Of the address, so that a list can be linked to and is there after a reload. */
  readonly status = input<string>();
  readonly q = input<string>();
  readonly sort = input<string>();
  /** Also before the router is there. */
  readonly filters = linkedSignal(() =>
    readFilters({ status: this.status(), q: this.q(), sort: this.sort() }),
  );
  /** Of these a person may have chosen some; another order keeps that. */
  readonly #chosen = computed(() => `${this.filters().status} ${this.filters().q}`);
  readonly known = this.feed.known;
  readonly #api = inject(Api);
  readonly #group = loaded({
    params: () => this.name(),
    load: (name, signal) => this.#api.call('getGroup', { path: { name }, signal }),
  });
  /** Such a group has no keys, and takes none. */
  readonly isAggregate = computed(() => this.#group.value()?.type === 'aggregate');
  #drawer: MatDialogRef<KeyDrawer> | undefined;

  constructor() {
    effect(() => {
      const name = this.name();
      this.feed.asked.set({ name, ...this.filters() });
    });
    effect(() => {
      this.name();
      this.#chosen();
      untracked(() => this.selection.clear());
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

  narrow(part: Partial<KeyFilters>): void {
    this.filters.update((filters) => ({ ...filters, ...part }));
    void this.#router.navigate([], {
      queryParams: toParams(this.filters()),
      queryParamsHandling: 'merge',
      replaceUrl: true,
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

  async act(action: Action): Promise<void> {
    await this.selection.act(action);
    this.#keepFocus();
  }

  unselect(): void {
    this.selection.clear();
    this.#keepFocus();
  }

  /** The buttons for what is selected go with the selection: the focus goes back to the list. */
  #keepFocus(): void {
    const moved = (): void => {
      if (document.activeElement === document.body) this.table()?.takeFocus();
    };
    afterNextRender(moved, { injector: this.#injector });
  }

  /** Of the state that is shown. */
  exportPath(): string {
    return addressOf(
      routes.exportKeys.path,
      { name: this.name() },
      { status: this.filters().status },
    );
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
