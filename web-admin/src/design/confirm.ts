import { ChangeDetectionStrategy, Component, inject, Injectable, signal } from '@angular/core';
import { MAT_DIALOG_DATA, MatDialog, MatDialogRef } from '@angular/material/dialog';
import { firstValueFrom } from 'rxjs';
import { I18n } from '../i18n/i18n.ts';

/** What a person is asked before something that cannot be undone. */
export interface Question {
  readonly title: string;
  readonly text: string;
  readonly action: string;
  readonly dangerous?: boolean;
  /** A name that has to be typed. */
  readonly name?: string;
}

/** Asks a question that is answered by yes or no. */
@Component({
  selector: 'km-confirm',
  template: `
    <form class="dialog" (submit)="$event.preventDefault(); yes()">
      <header>
        <h2 id="confirm-title">{{ question.title }}</h2>
      </header>
      <div class="dialog-body">
        <p class="soft">{{ question.text }}</p>
        @if (question.name; as name) {
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
          [class.danger]="question.dangerous"
          [class.primary]="!question.dangerous"
          [disabled]="blocked()"
        >
          {{ question.action }}
        </button>
      </footer>
    </form>
  `,
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class ConfirmDialog {
  readonly question = inject<Question>(MAT_DIALOG_DATA);
  readonly ref = inject<MatDialogRef<ConfirmDialog, boolean>>(MatDialogRef);
  readonly i18n = inject(I18n);
  readonly typed = signal('');

  blocked(): boolean {
    return this.question.name !== undefined && this.typed().trim() !== this.question.name;
  }

  yes(): void {
    if (!this.blocked()) this.ref.close(true);
  }
}

/** Asks before something that cannot be undone. */
@Injectable({ providedIn: 'root' })
export class Confirm {
  readonly #dialog = inject(MatDialog);

  async ask(question: Question): Promise<boolean> {
    const ref = this.#dialog.open<ConfirmDialog, Question, boolean>(ConfirmDialog, {
      data: question,
      width: '480px',
      ariaLabelledBy: 'confirm-title',
      autoFocus: question.name === undefined ? 'first-tabbable' : 'input',
    });
    return (await firstValueFrom(ref.afterClosed(), { defaultValue: false })) === true;
  }
}
