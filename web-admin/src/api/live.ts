import { effect, inject, Injectable, signal, type WritableSignal } from '@angular/core';
import { Connection } from './connection.ts';
import type { Task } from './generated.ts';
import { reconnecting } from './reconnecting.ts';

/** What `/api/events` tells of keys. */
export interface KeyChange {
  readonly group: string;
  readonly count: number;
  /** Empty when there are too many to name. */
  readonly keys: readonly { readonly id: string }[];
}

/** What `/api/events` tells of the config. */
export interface ConfigChange {
  readonly kind: 'group' | 'group-deleted' | 'settings';
  readonly revision: number;
  readonly group?: string;
}

/** What changes on the server, as it changes; open while somebody is signed in. */
@Injectable({ providedIn: 'root' })
export class Live {
  /** The newest change: a hint to load anew, since another may have come right before it. */
  readonly keys = signal<KeyChange | null>(null);
  readonly config = signal<ConfigChange | null>(null);
  readonly #takers: ((task: Task) => void)[] = [];

  constructor() {
    const connection = inject(Connection);
    effect((onCleanup) => {
      if (!connection.signedIn()) return;
      const stream = reconnecting('/api/events', {
        events: { key: told(this.keys), config: told(this.config), task: this.#tell },
        opened: () => connection.following(),
        lost: () => connection.lost(),
      });
      onCleanup(() => stream.close());
    });
  }

  /** Gives every change of a task; two may come before anybody would read a signal. */
  onTask(take: (task: Task) => void): void {
    this.#takers.push(take);
  }

  readonly #tell = (data: unknown): void => {
    for (const take of this.#takers) take(data as Task);
  };
}

// Messages of our own server, of the shapes that its contracts name.
const told =
  <T>(into: WritableSignal<T | null>) =>
  (data: unknown): void =>
    into.set(data as T);
