import {
  ChangeDetectionStrategy,
  Component,
  effect,
  ElementRef,
  inject,
  signal,
  untracked,
  viewChild,
} from '@angular/core';
import type { Task } from '../api/generated.ts';
import { Icon } from '../design/icon.ts';
import { TimeAgo } from '../design/time-ago.ts';
import { Toasts } from '../design/toasts.ts';
import { I18n } from '../i18n/i18n.ts';
import { TaskList } from './task-list.ts';
import { isOpen, shareDone, stateNames, stateTones } from './task-state.ts';
import { countsText, kindText } from './task-text.ts';

/** The tasks that run and those that ended lately. */
@Component({
  selector: 'km-task-tray',
  imports: [Icon, TimeAgo],
  templateUrl: './task-tray.html',
  styleUrl: './task-tray.css',
  host: {
    '(document:keydown.escape)': 'escaped()',
    '(document:click)': 'clickedAnywhere($event)',
  },
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class TaskTray {
  readonly i18n = inject(I18n);
  readonly list = inject(TaskList);
  readonly #toasts = inject(Toasts);
  readonly #host = inject<ElementRef<HTMLElement>>(ElementRef);
  readonly opener = viewChild.required<ElementRef<HTMLButtonElement>>('opener');
  readonly open = signal(false);
  readonly isOpen = isOpen;
  readonly share = shareDone;
  readonly tones = stateTones;
  readonly names = stateNames;

  constructor() {
    effect(() => {
      if (this.list.attention() > 0) untracked(() => this.open.set(true));
    });
    effect(() => {
      if (this.open()) untracked(() => void this.list.look());
    });
  }

  title(task: Task): string {
    return kindText(this.i18n, task);
  }

  counts(task: Task): string {
    return countsText(this.i18n, task);
  }

  close(): void {
    if (!this.open()) return;
    this.open.set(false);
    this.opener().nativeElement.focus();
  }

  /** It opens by itself when a task is started, and is closed from wherever one is then. */
  escaped(): void {
    const { activeElement } = document;
    if (this.#host.nativeElement.contains(activeElement)) this.close();
    else this.open.set(false);
  }

  clickedAnywhere(event: Event): void {
    const { target } = event;
    // A button that opens the tray by starting a task is outside of it.
    if (
      target instanceof Node &&
      target.isConnected &&
      !this.#host.nativeElement.contains(target)
    ) {
      this.open.set(false);
    }
  }

  async cancel(task: Task): Promise<void> {
    try {
      await this.list.cancel(task.id);
    } catch (error) {
      this.#toasts.failed(error);
    }
  }
}
