import { computed, inject, Injectable, signal } from '@angular/core';
import { Api } from '../api/api.ts';
import type { Operations } from '../api/generated.ts';
import { Confirm } from '../design/confirm.ts';
import { Toasts } from '../design/toasts.ts';
import { I18n } from '../i18n/i18n.ts';
import { TaskList } from '../tasks/task-list.ts';
import { KeyFeed } from './key-feed.ts';

export type Action = Operations['actOnKeys']['body']['action'];

/** From so many keys on, a deletion asks for the group's name. */
const many = 10;

/** The keys that a person chose, and what is done with them at once. */
@Injectable()
export class KeySelection {
  readonly #api = inject(Api);
  readonly #confirm = inject(Confirm);
  readonly #feed = inject(KeyFeed);
  readonly #i18n = inject(I18n);
  readonly #tasks = inject(TaskList);
  readonly #toasts = inject(Toasts);
  readonly #ids = signal<ReadonlySet<string>>(new Set());
  readonly #all = signal(false);

  /** Everything that matches, also what is not loaded. */
  readonly all = this.#all.asReadonly();
  readonly count = computed(() => (this.#all() ? this.#feed.known().total : this.#ids().size));

  has(id: string): boolean {
    return this.#all() || this.#ids().has(id);
  }

  toggle(id: string): void {
    // Not all any more: of those that are not loaded none can be named.
    if (this.#all()) return this.clear();
    this.#ids.update((ids) => {
      const next = new Set(ids);
      if (!next.delete(id)) next.add(id);
      return next;
    });
  }

  /** Adds these, or takes them away. */
  put(ids: readonly string[], on: boolean): void {
    if (this.#all()) return this.clear();
    this.#ids.update((known) => {
      const next = new Set(known);
      for (const id of ids) {
        if (on) next.add(id);
        else next.delete(id);
      }
      return next;
    });
  }

  toggleAll(on: boolean): void {
    this.#ids.set(new Set());
    this.#all.set(on);
  }

  clear(): void {
    this.toggleAll(false);
  }

  async act(action: Action): Promise<void> {
    const asked = this.#feed.asked();
    if (asked === undefined) return;
    const { name } = asked;
    if (action === 'delete' && !(await this.#isSure(name))) return;
    try {
      const body = { action, ...this.#which(asked) };
      this.#tasks.started(await this.#api.call('actOnKeys', { path: { name }, body }));
      this.clear();
    } catch (error) {
      this.#toasts.failed(error);
    }
  }

  #isSure(name: string): Promise<boolean> {
    const n = this.count();
    return this.#confirm.ask({
      title: this.#i18n.t('keys.deleteN', { n }),
      text: this.#i18n.t('keys.deleteText'),
      action: this.#i18n.t('delete'),
      dangerous: true,
      ...(n >= many ? { name } : {}),
    });
  }

  #which({
    status,
    q,
  }: NonNullable<ReturnType<KeyFeed['asked']>>): Omit<Operations['actOnKeys']['body'], 'action'> {
    if (!this.#all()) return { ids: [...this.#ids()] };
    if (status === '') return { where: q === '' ? {} : { q } };
    return { status, ...(q === '' ? {} : { where: { q } }) };
  }
}
