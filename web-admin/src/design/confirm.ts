import { ChangeDetectionStrategy, Component, inject, Injectable, signal } from '@angular/core';
import { MAT_DIALOG_DATA, MatDialog, MatDialogRef } from '@angular/material/dialog';
import { firstValueFrom } from 'rxjs';
import type { FieldDiff } from '../api/generated.ts';
import { I18n } from '../i18n/i18n.ts';
import { DiffList } from './diff-list.ts';

/** What a person is asked before it is done. */
export interface Question {
  readonly title: string;
  readonly text: string;
  readonly action: string;
  readonly dangerous?: boolean;
  /** What would change, to be looked at; without any change there is nothing to agree to. */
  readonly diff?: readonly FieldDiff[];
  /** A name that has to be typed. */
  readonly name?: string;
}

/** Asks a question that is answered by yes or no. */
@Component({
  selector: 'km-confirm',
  imports: [DiffList],
  template: `
    <form class="dialog" (submit)="$event.preventDefault(); yes()">
      <header>
        <h2 id="confirm-title">{{ question.title }}</h2>
      </header>
      <div class="dialog-body">
        <p class="soft">{{ question.text }}</p>
        @if (question.diff; as diff) {
          <km-diff-list [diff]="diff" />
        }
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
    const { name, diff } = this.question;
    return diff?.length === 0 || (name !== undefined && this.typed().trim() !== name);
  }

  yes(): void {
    if (!this.blocked()) this.ref.close(true);
  }
}

/** Asks before something is done that may not be undone. */
@Injectable({ providedIn: 'root' })
export class Confirm {
  readonly #dialog = inject(MatDialog);

  async ask(question: Question): Promise<boolean> {
    const ref = this.#dialog.open<ConfirmDialog, Question, boolean>(ConfirmDialog, {
      data: question,
      width: question.diff === undefined ? '480px' : '560px',
      ariaLabelledBy: 'confirm-title',
      autoFocus: question.name === undefined ? 'first-tabbable' : 'input',
    });
    return (await firstValueFrom(ref.afterClosed(), { defaultValue: false })) === true;
  }
}
