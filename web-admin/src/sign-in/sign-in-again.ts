import { ChangeDetectionStrategy, Component, effect, inject, untracked } from '@angular/core';
import { MatDialog } from '@angular/material/dialog';
import { Api } from '../api/api.ts';
import { Connection } from '../api/connection.ts';
import { I18n } from '../i18n/i18n.ts';
import { SignInForm } from './sign-in-form.ts';

/** Asks for the admin key over the page, which keeps what was typed there. */
@Component({
  selector: 'km-sign-in-again',
  imports: [SignInForm],
  template: `
    <div class="dialog">
      <header>
        <h2 id="again-title">{{ i18n.t('signIn.title') }}</h2>
      </header>
      <div class="dialog-body"><km-sign-in-form /></div>
    </div>
  `,
  styles: `
    .dialog-body {
      padding-bottom: 20px;
    }
  `,
  host: { '(window:focus)': 'lookAgain()' },
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class SignInAgain {
  readonly i18n = inject(I18n);
  readonly #api = inject(Api);
  readonly #connection = inject(Connection);

  /** The person may have signed in on another page meanwhile. */
  lookAgain(): void {
    this.#api.call('session').then(
      () => this.#connection.signedInNow(),
      // Nobody has: the question stays.
      () => undefined,
    );
  }
}

/** Asks for the admin key whenever a session ends without a word from here, until there is one. */
export function askWhenSessionEnds(): void {
  const connection = inject(Connection);
  const dialogs = inject(MatDialog);
  effect((onCleanup) => {
    if (!connection.ended()) return;
    const ref = untracked(() =>
      dialogs.open(SignInAgain, {
        width: '440px',
        ariaLabelledBy: 'again-title',
        autoFocus: 'input',
        disableClose: true,
      }),
    );
    onCleanup(() => ref.close());
  });
}
