import { ChangeDetectionStrategy, Component, inject, Injectable, signal } from '@angular/core';
import { MAT_DIALOG_DATA, MatDialog, MatDialogRef } from '@angular/material/dialog';
import { Router } from '@angular/router';
import { Api } from '../api/api.ts';
import type { Group } from '../api/generated.ts';
import { ApiProblem, refusedFields } from '../api/problem.ts';
import { refusalText } from '../api/refusal.ts';
import { Field } from '../design/field.ts';
import { Toasts } from '../design/toasts.ts';
import { I18n } from '../i18n/i18n.ts';

const ways = ['none', 'active', 'all'] as const;
type Way = (typeof ways)[number];

/** Asks for the name of a copy, and which keys go along. */
@Component({
  selector: 'km-copy-dialog',
  imports: [Field],
  template: `
    <form class="dialog" (submit)="$event.preventDefault(); copy()">
      <header>
        <h2 id="copy-title">{{ i18n.t('copyGroup.title', { name: group.name }) }}</h2>
      </header>
      <div class="dialog-body">
        <km-field
          [label]="i18n.t('field.name')"
          [hint]="i18n.t('field.nameHint')"
          [wrong]="wrong()"
        >
          <input
            #box
            class="input mono"
            name="copy"
            autocomplete="off"
            [value]="name()"
            [attr.aria-invalid]="wrong() !== undefined"
            (input)="name.set(box.value.trim()); wrong.set(undefined)"
          />
        </km-field>
        @if (group.type === 'standard') {
          <div class="field">
            <span class="label" id="copy-keys">{{ i18n.t('keys') }}</span>
            <div class="segments" role="group" aria-labelledby="copy-keys">
              @for (each of ways; track each) {
                <button type="button" [attr.aria-pressed]="each === way()" (click)="way.set(each)">
                  {{ text(each) }}
                </button>
              }
            </div>
          </div>
        }
      </div>
      <footer>
        <button type="button" class="button" (click)="ref.close()">{{ i18n.t('cancel') }}</button>
        <button type="submit" class="button primary" [disabled]="name() === '' || busy()">
          {{ i18n.t('copyGroup.action') }}
        </button>
      </footer>
    </form>
  `,
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class CopyDialog {
  readonly i18n = inject(I18n);
  readonly #api = inject(Api);
  readonly #toasts = inject(Toasts);
  readonly group = inject<Group>(MAT_DIALOG_DATA);
  readonly ref = inject<MatDialogRef<CopyDialog, string>>(MatDialogRef);
  readonly ways = ways;
  readonly name = signal(`${this.group.name.slice(0, 95)}-copy`);
  readonly way = signal<Way>('none');
  readonly wrong = signal<string | undefined>(undefined);
  readonly busy = signal(false);

  text(way: Way): string {
    return this.i18n.t(`copyGroup.keys.${way}`);
  }

  async copy(): Promise<void> {
    const [name, keys] = [this.name(), this.way()];
    if (name === '' || this.busy()) return;
    this.busy.set(true);
    try {
      await this.#api.call('copyGroup', { path: { name: this.group.name }, body: { name, keys } });
      this.ref.close(name);
    } catch (error) {
      const taken = error instanceof ApiProblem && error.status === 409 ? error.message : undefined;
      const said = refusedFields(error)['name'] ?? taken;
      if (said === undefined) this.#toasts.failed(error);
      else this.wrong.set(refusalText(this.i18n, said));
    } finally {
      this.busy.set(false);
    }
  }
}

/** Copies groups. */
@Injectable({ providedIn: 'root' })
export class CopyGroup {
  readonly #dialog = inject(MatDialog);
  readonly #router = inject(Router);

  /** Asks, copies, and goes to the copy. */
  ask(group: Group): void {
    const ref = this.#dialog.open<CopyDialog, Group, string>(CopyDialog, {
      data: group,
      width: '480px',
      ariaLabelledBy: 'copy-title',
      autoFocus: 'input',
    });
    ref.afterClosed().subscribe((name) => {
      if (name !== undefined) void this.#router.navigate(['/groups', name]);
    });
  }
}
