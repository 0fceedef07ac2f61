import {
  ChangeDetectionStrategy,
  Component,
  DestroyRef,
  inject,
  input,
  type OnInit,
  signal,
  effect,
} from '@angular/core';
import { MatDialog, type MatDialogRef } from '@angular/material/dialog';
import { Router } from '@angular/router';
import { LogDetail, type LogDetailData } from './log-detail.ts';
import { LogFeed } from './log-feed.ts';

/** A request beside the list, at an address of its own. */
@Component({
  selector: 'km-log-drawer',
  template: '',
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class LogDrawer implements OnInit {
  readonly request_id = input.required<string>();
  readonly #dialog = inject(MatDialog);
  readonly #router = inject(Router);
  readonly #feed = inject(LogFeed);
  readonly #requestId = signal('');
  #ref: MatDialogRef<LogDetail> | undefined;
  #left = false;

  constructor() {
    effect(() => this.#requestId.set(this.request_id()));
    inject(DestroyRef).onDestroy(() => {
      this.#left = true;
      this.#ref?.close();
    });
  }

  ngOnInit(): void {
    this.#requestId.set(this.request_id());
    this.#ref = this.#dialog.open<LogDetail, LogDetailData>(LogDetail, {
      data: { requestId: this.#requestId.asReadonly(), feed: this.#feed },
      panelClass: 'drawer-pane',
      width: 'min(680px, 100vw)',
      height: '100%',
      ariaLabelledBy: 'log-title',
      autoFocus: 'dialog',
      closeOnNavigation: false,
    });
    this.#ref.afterClosed().subscribe(() => {
      if (this.#left) return;
      void this.#router.navigate(['/logs'], {
        queryParamsHandling: 'preserve',
        scroll: 'manual',
      });
    });
  }
}
