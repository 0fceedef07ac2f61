import { computed, effect, inject, Injectable, signal, untracked } from '@angular/core';
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
  readonly #known = signal<KnownKeys>(noKeys());
  readonly asked = signal<AskedKeys | undefined>(undefined);
  readonly known = this.#known.asReadonly();
  readonly #listed = signal<AskedKeys | undefined>(undefined);
  /** What the known keys were asked for by. */
  readonly listed = this.#listed.asReadonly();
  /** Other keys are asked for than those that are known. */
  readonly stale = computed(() => this.#listed() !== this.asked());
  readonly #hints = [this.#live.keys, () => this.#tasks.open().length];
  readonly #again = createReloads((signal) => this.#refresh(signal), calmMs);
  /** The places of the keys that are in sight; no signal, since nothing is drawn by it. */
  #inSight = { start: 0, end: 0 };
  #loading = false;
  /** How often something changed, and how often it had when a page was loaded; by where the page begins. */
  #changes = 0;
  readonly #seen = new Map<number, number>();

  readonly first = loaded({
    params: this.asked,
    load: async (asked, signal) => ({ asked, page: await this.#page(asked, undefined, signal) }),
    hints: this.#hints,
    keep: (before, now) => before.name === now.name,
  });

  constructor() {
    effect(() => {
      const answer = this.first.value();
      untracked(() => this.#take(answer));
    });
    effect((onCleanup) => {
      this.asked();
      onCleanup(() => {
        this.#again.stop();
        this.#seen.clear();
      });
    });
    effect(() => {
      for (const hint of this.#hints) hint();
      this.#changes += 1;
      this.#again.soon();
    });
  }

  /** These are in sight now: loads what comes after them, and anew what may be old. */
  look(inSight: { readonly start: number; readonly end: number }): void {
    this.#inSight = inSight;
    void this.#more(inSight.start);
    if (this.#old().length > 0) this.#again.soon();
  }

  /** Loads on when the end of what is known comes near. */
  async #more(index: number): Promise<void> {
    const { keys, next } = this.#known();
    const asked = this.asked();
    if (asked === undefined || this.stale() || next === null || this.#loading) return;
    if (index < keys.length - pageSize) return;
    this.#loading = true;
    try {
      const changes = this.#changes;
      const page = await this.#page(asked, next);
      await afterPaint();
      this.#seen.set(keys.length, changes);
      this.#known.update((known) => (known.next === next ? withPage(known, page) : known));
    } catch (error) {
      this.#toasts.failed(error);
    } finally {
      this.#loading = false;
    }
  }

  #take(answer: ReturnType<typeof this.first.value>): void {
    const known = answer?.asked === this.#listed() ? this.#known() : noKeys();
    this.#listed.set(answer?.asked);
    this.#known.set(answer === undefined ? noKeys() : withFirst(known, answer.page));
  }

  /** What is in sight further down than the first page, as it is by now; their places stay. */
  async #refresh(signal: AbortSignal): Promise<void> {
    const asked = this.asked();
    if (asked === undefined || this.stale()) return;
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
    return pagesIn(this.#known(), this.#inSight).filter(
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

/** Right after a frame was painted is the most time before the next one. */
function afterPaint(): Promise<void> {
  return new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
}
