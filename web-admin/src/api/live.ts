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
  readonly keys = signal<KeyChange | null>(null);
  readonly config = signal<ConfigChange | null>(null);
  readonly task = signal<Task | null>(null);

  constructor() {
    const connection = inject(Connection);
    effect((onCleanup) => {
      if (!connection.signedIn()) return;
      const stream = reconnecting('/api/events', {
        events: { key: told(this.keys), config: told(this.config), task: told(this.task) },
        opened: () => connection.heard(),
        lost: () => connection.lost(),
      });
      onCleanup(() => stream.close());
    });
  }
}

// Messages of our own server, of the shapes that its contracts name.
const told =
  <T>(into: WritableSignal<T | null>) =>
  (data: unknown): void =>
    into.set(data as T);
