import { computed, effect, inject, Injectable, signal } from '@angular/core';
import { Api } from '../api/api.ts';
import { Connection } from '../api/connection.ts';
import type { Task } from '../api/generated.ts';
import { Live } from '../api/live.ts';
import { isOpen, mergeTasks } from './task-state.ts';

const shown = 30;
/** Of several keymanagers the live events are those of one: what runs at another is asked for. */
const askEveryMs = 2_000;

/** The tasks of the server, as they go on. */
@Injectable({ providedIn: 'root' })
export class TaskList {
  readonly #api = inject(Api);
  readonly #tasks = signal<readonly Task[]>([]);
  readonly tasks = computed(() => this.#tasks().slice(0, shown));
  readonly open = computed(() => this.#tasks().filter(isOpen));
  readonly #isAnyOpen = computed(() => this.open().length > 0);
  /** Grows when a task was started here: the tray shows itself then. */
  readonly attention = signal(0);

  constructor() {
    const connection = inject(Connection);
    inject(Live).onTask((task) => this.#tasks.update((tasks) => mergeTasks(tasks, [task])));
    effect(() => {
      connection.returns();
      connection.follows();
      if (connection.signedIn()) void this.look();
    });
    effect((onCleanup) => {
      if (!this.#isAnyOpen() || !connection.signedIn() || connection.away()) return;
      const timer = setInterval(() => void this.look(), askEveryMs);
      onCleanup(() => clearInterval(timer));
    });
  }

  /** Follows a task that was just started. */
  started(task: Task): void {
    this.#tasks.update((tasks) => mergeTasks(tasks, [task]));
    this.attention.update((times) => times + 1);
  }

  /** A task by its id, as far as it is known. */
  find(id: string): Task | undefined {
    return this.#tasks().find((each) => each.id === id);
  }

  async cancel(id: string): Promise<void> {
    const task = await this.#api.call('cancelTask', { path: { id } });
    this.#tasks.update((tasks) => mergeTasks(tasks, [task]));
  }

  /** Asks for what nobody told of. */
  async look(): Promise<void> {
    try {
      const { items } = await this.#api.call('listTasks', { query: { limit: shown } });
      this.#tasks.update((tasks) => mergeTasks(tasks, items));
    } catch {
      // The banner says that the server is away; its return loads them.
      return;
    }
  }
}
