import { effect, inject, Injectable, signal, untracked } from '@angular/core';
import { Api, type Answer, type Query } from '../api/api.ts';
import { Live } from '../api/live.ts';
import { loaded } from '../api/loaded.ts';
import { createReloads } from '../api/reloads.ts';
import { Toasts } from '../design/toasts.ts';
import { TaskList } from '../tasks/task-list.ts';
import {
  type KnownKeys,
  type KnownPage,
  noKeys,
  pagesIn,
  withChanged,
  withFirst,
  withPage,
} from './key-source.ts';
import type { KeyStatus } from './key-status.ts';

export type Sort = NonNullable<Query<'listKeys'>['sort']>;

/** Which keys are listed, and in which order. */
export interface AskedKeys {
  readonly name: string;
  readonly status: KeyStatus | '';
  readonly q: string;
  readonly sort: Sort;
}

const pageSize = 500;
/** Of what is in sight further down, a look each so often. */
const calmMs = 2_000;

/** The keys that are asked for: pages of them as one scrolls, and what is in sight as it is by now. */
@Injectable()
export class KeyFeed {
  readonly #api = inject(Api);
  readonly #live = inject(Live);
  readonly #tasks = inject(TaskList);
  readonly #toasts = inject(Toasts);
  readonly #known = signal<KnownKeys>(noKeys);
  readonly asked = signal<AskedKeys | undefined>(undefined);
  /** The places of the keys that are in sight. */
  readonly inSight = signal({ start: 0, end: 0 });
  readonly known = this.#known.asReadonly();
  readonly #hints = [this.#live.keys, () => this.#tasks.open().length];
  #loading = false;
  /** What the known keys were asked for by. */
  #listed: AskedKeys | undefined;
  /** How often something changed, and how often it had when a page was loaded; by where the page begins. */
  #changes = 0;
  readonly #seen = new Map<number, number>();

  readonly first = loaded({
    params: this.asked,
    load: async (asked, signal) => ({ asked, page: await this.#page(asked, undefined, signal) }),
    hints: this.#hints,
    keep: true,
  });

  constructor() {
    effect(() => {
      const answer = this.first.value();
      if (answer === undefined) return;
      const { asked, page } = answer;
      const isSame = asked === this.#listed;
      this.#listed = asked;
      untracked(() => this.#known.update((known) => withFirst(isSame ? known : noKeys, page)));
    });
    const again = createReloads((signal) => this.#refresh(signal), calmMs);
    effect((onCleanup) => {
      this.asked();
      onCleanup(() => {
        again.stop();
        this.#seen.clear();
      });
    });
    effect(() => {
      for (const hint of this.#hints) hint();
      this.#changes += 1;
      again.soon();
    });
    effect(() => {
      this.inSight();
      if (untracked(() => this.#old().length) > 0) again.soon();
    });
  }

  /** Loads on when the end of what is known comes near. */
  async more(index: number): Promise<void> {
    const { keys, next } = this.#known();
    const asked = this.asked();
    if (asked === undefined || next === null || this.#loading) return;
    if (index < keys.length - pageSize) return;
    this.#loading = true;
    try {
      const changes = this.#changes;
      const page = await this.#page(asked, next);
      this.#seen.set(keys.length, changes);
      this.#known.update((known) => (known.next === next ? withPage(known, page) : known));
    } catch (error) {
      this.#toasts.failed(error);
    } finally {
      this.#loading = false;
    }
  }

  /** What is in sight further down than the first page, as it is by now; their places stay. */
  async #refresh(signal: AbortSignal): Promise<void> {
    const asked = this.asked();
    if (asked === undefined) return;
    try {
      const changes = this.#changes;
      const pages = this.#old();
      const answers = await Promise.all(
        pages.map(({ cursor }) => this.#page(asked, cursor, signal)),
      );
      if (signal.aborted || answers.length === 0) return;
      const changed = answers.flatMap(({ items }) => items);
      this.#known.update((known) => withChanged(known, changed));
      for (const { from } of pages) this.#seen.set(from, changes);
    } catch {
      // The first page says what is wrong, and loads anew when that is over.
      return;
    }
  }

  /** The pages in sight that something may have changed in since they were loaded. */
  #old(): readonly KnownPage[] {
    return pagesIn(this.#known(), this.inSight()).filter(
      ({ from }) => (this.#seen.get(from) ?? 0) < this.#changes,
    );
  }

  #page(
    { name, status, q, sort }: AskedKeys,
    cursor: string | undefined,
    signal?: AbortSignal,
  ): Promise<Answer<'listKeys'>> {
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
}
