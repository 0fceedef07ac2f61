import { ChangeDetectionStrategy, Component, inject, Injectable, signal } from '@angular/core';
import { MAT_DIALOG_DATA, MatDialog, MatDialogRef } from '@angular/material/dialog';
import { firstValueFrom } from 'rxjs';
import type { FieldDiff } from '../api/generated.ts';
import { I18n } from '../i18n/i18n.ts';
import { DiffList } from './diff-list.ts';

/** Changes that a person looks at before they are made. */
export interface ProposedChanges {
  readonly title: string;
  readonly text: string;
  readonly action: string;
  readonly diff: readonly FieldDiff[];
  /** A name that has to be typed, where something is lost. */
  readonly name?: string;
}

/** Shows what would change and asks whether it shall. */
@Component({
  selector: 'km-changes-dialog',
  imports: [DiffList],
  template: `
    <form class="dialog" (submit)="$event.preventDefault(); yes()">
      <header>
        <h2 id="changes-title">{{ changes.title }}</h2>
      </header>
      <div class="dialog-body">
        <p class="soft">{{ changes.text }}</p>
        <km-diff-list [diff]="changes.diff" />
        @if (changes.name; as name) {
          <label class="field">
            <span class="label">{{ i18n.t('confirm.type', { name }) }}</span>
            <input
              #box
              class="input"
              autocomplete="off"
              [value]="typed()"
              (input)="typed.set(box.value)"
            />
          </label>
        }
      </div>
      <footer>
        <button type="button" class="button" (click)="ref.close(false)">
          {{ i18n.t('cancel') }}
        </button>
        <button
          type="submit"
          class="button"
          [class.danger]="changes.name"
          [class.primary]="!changes.name"
          [disabled]="blocked()"
        >
          {{ changes.action }}
        </button>
      </footer>
    </form>
  `,
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class ChangesDialog {
  readonly i18n = inject(I18n);
  readonly changes = inject<ProposedChanges>(MAT_DIALOG_DATA);
  readonly ref = inject<MatDialogRef<ChangesDialog, boolean>>(MatDialogRef);
  readonly typed = signal('');

  blocked(): boolean {
    const { name, diff } = this.changes;
    return diff.length === 0 || (name !== undefined && this.typed().trim() !== name);
  }

  yes(): void {
    if (!this.blocked()) this.ref.close(true);
  }
}

/** Shows changes before they are made. */
@Injectable({ providedIn: 'root' })
export class Changes {
  readonly #dialog = inject(MatDialog);

  async agreed(changes: ProposedChanges): Promise<boolean> {
    const ref = this.#dialog.open<ChangesDialog, ProposedChanges, boolean>(ChangesDialog, {
      data: changes,
      width: '560px',
      ariaLabelledBy: 'changes-title',
      autoFocus: changes.name === undefined ? 'first-tabbable' : 'input',
    });
    return (await firstValueFrom(ref.afterClosed(), { defaultValue: false })) === true;
  }
}
