import { ChangeDetectionStrategy, Component, inject, input } from '@angular/core';
import { Router } from '@angular/router';
import { I18n } from '../i18n/i18n.ts';
import { Preferences } from '../shell/preferences.ts';
import { SignInForm } from './sign-in-form.ts';

/** Where a person shows the admin key. */
@Component({
  selector: 'km-sign-in-page',
  imports: [Preferences, SignInForm],
  template: `
    <main>
      <section class="card">
        <img src="icon.svg" width="40" height="40" alt="" />
        <h1>{{ i18n.t('signIn.title') }}</h1>
        <km-sign-in-form (signedIn)="goOn()" />
      </section>
      <km-preferences />
    </main>
  `,
  styles: `
    main {
      display: flex;
      flex-direction: column;
      align-items: center;
      justify-content: center;
      gap: 20px;
      min-height: 100vh;
      padding: 24px 16px;
    }
    .card {
      display: flex;
      flex-direction: column;
      gap: 14px;
      width: min(400px, 100%);
      padding: 28px;
      border-radius: 12px;
    }
  `,
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class SignInPage {
  readonly i18n = inject(I18n);
  readonly #router = inject(Router);

  /** Where to go then. */
  readonly to = input<string>();

  goOn(): void {
    void this.#router.navigateByUrl(this.to() ?? '/overview');
  }
}
