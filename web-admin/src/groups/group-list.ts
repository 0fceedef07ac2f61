import { CdkDrag, CdkDragHandle, CdkDropList, moveItemInArray } from '@angular/cdk/drag-drop';
import {
  afterNextRender,
  ChangeDetectionStrategy,
  Component,
  computed,
  inject,
  Injector,
  signal,
} from '@angular/core';
import { RouterLink } from '@angular/router';
import { Api } from '../api/api.ts';
import type { Group } from '../api/generated.ts';
import { Live } from '../api/live.ts';
import { loaded } from '../api/loaded.ts';
import { CopyButton } from '../design/copy-button.ts';
import { Empty } from '../design/empty.ts';
import { Icon } from '../design/icon.ts';
import { isKnown, KeyStates } from '../design/key-states.ts';
import { LoadState } from '../design/load-state.ts';
import { Toasts } from '../design/toasts.ts';
import { I18n } from '../i18n/i18n.ts';
import { knownGroups } from './known-groups.ts';
import { knownSettings } from '../settings/known-settings.ts';
import { CopyGroup } from './copy-dialog.ts';
import { endpointOf } from './endpoint.ts';

/** All groups, in the order that people give them. */
@Component({
  selector: 'km-group-list',
  imports: [
    RouterLink,
    CdkDrag,
    CdkDragHandle,
    CdkDropList,
    CopyButton,
    Empty,
    Icon,
    KeyStates,
    LoadState,
  ],
  templateUrl: './group-list.html',
  styleUrl: './group-list.css',
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class GroupList {
  readonly i18n = inject(I18n);
  readonly #api = inject(Api);
  readonly #injector = inject(Injector);
  readonly #live = inject(Live);
  readonly #toasts = inject(Toasts);
  readonly copies = inject(CopyGroup);
  readonly q = signal('');

  readonly groups = knownGroups();
  readonly stats = loaded({
    params: () => ({}),
    load: (_, signal) => this.#api.call('statsOverview', { query: { range: '24h' }, signal }),
    hints: [this.#live.keys],
    everyMs: 15_000,
  });
  readonly settings = knownSettings();
  readonly shown = computed(() => {
    const text = this.q().trim().toLowerCase();
    return (this.groups.value()?.items ?? []).filter(
      ({ name, display_name, channel }) =>
        name.includes(text) || channel.includes(text) || display_name.toLowerCase().includes(text),
    );
  });

  endpoint(group: Group): string {
    return endpointOf(group, this.settings.value()?.items ?? [], location.origin);
  }

  /** Undefined while it is not known. */
  keysOf(name: string) {
    const stats = this.stats.value();
    return stats && isKnown(stats.keys) ? (stats.keys_by_group[name] ?? {}) : undefined;
  }

  totals(name: string) {
    return this.stats.value()?.groups.find((each) => each.group === name);
  }

  /** Moves a group by an arrow key on its handle, which keeps the focus wherever it comes to stand. */
  step(from: number, to: number, handle: HTMLElement): void {
    void this.move(from, to);
    afterNextRender(() => handle.focus(), { injector: this.#injector });
  }

  /** Moves a group by drag, or by the arrow keys. */
  async move(from: number, to: number): Promise<void> {
    const list = this.groups.value();
    if (list === undefined || to < 0 || to >= list.items.length || from === to) return;
    const items = [...list.items];
    moveItemInArray(items, from, to);
    this.groups.set({ ...list, items });
    try {
      await this.#api.call('orderGroups', { body: { names: items.map(({ name }) => name) } });
    } catch (error) {
      this.groups.reload();
      this.#toasts.failed(error);
    }
  }
}
