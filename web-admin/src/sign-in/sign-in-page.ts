import {
  afterNextRender,
  ChangeDetectionStrategy,
  Component,
  type ElementRef,
  inject,
  input,
  signal,
  viewChild,
} from '@angular/core';
import { Router } from '@angular/router';
import { Api } from '../api/api.ts';
import { Connection } from '../api/connection.ts';
import { ApiProblem } from '../api/problem.ts';
import { Icon } from '../design/icon.ts';
import { I18n } from '../i18n/i18n.ts';
import { Preferences } from '../shell/preferences.ts';

/** Where a person shows the admin key. */
@Component({
  selector: 'km-sign-in-page',
  imports: [Icon, Preferences],
  template: `
    <main>
      <form class="card" (submit)="$event.preventDefault(); signIn(box.value)">
        <img src="icon.svg" width="40" height="40" alt="" />
        <h1>{{ i18n.t('signIn.title') }}</h1>
        @if (connection.ended()) {
          <div class="notice" role="status">{{ i18n.t('signIn.ended') }}</div>
        } @else {
          <p class="soft">{{ i18n.t('signIn.text') }}</p>
        }
        <label class="field">
          <span class="label">{{ i18n.t('signIn.key') }}</span>
          <input
            #box
            class="input mono"
            type="password"
            name="auth_key"
            autocomplete="current-password"
            required
            [attr.aria-invalid]="problem() !== null"
          />
          <span class="hint">{{ i18n.t('signIn.where') }}</span>
        </label>
        @if (problem(); as text) {
          <div class="notice bad" role="alert"><km-icon name="warning" />{{ text }}</div>
        }
        <button type="submit" class="button primary" [disabled]="busy()">
          {{ i18n.t('signIn.action') }}
        </button>
      </form>
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
    form {
      display: flex;
      flex-direction: column;
      gap: 14px;
      width: min(400px, 100%);
      padding: 28px;
      border-radius: 12px;
    }
    .button {
      min-height: 38px;
    }
  `,
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class SignInPage {
  readonly i18n = inject(I18n);
  readonly #api = inject(Api);
  readonly connection = inject(Connection);
  readonly #router = inject(Router);

  /** Where to go then. */
  readonly to = input<string>();
  readonly busy = signal(false);
  readonly problem = signal<string | null>(null);
  readonly box = viewChild.required<ElementRef<HTMLInputElement>>('box');

  constructor() {
    // There is nothing else to do here.
    afterNextRender(() => this.box().nativeElement.focus());
  }

  /** With what stands in the box by now: a browser may fill it in without telling. */
  async signIn(typed: string): Promise<void> {
    const auth_key = typed.trim();
    if (this.busy() || auth_key === '') return;
    this.busy.set(true);
    this.problem.set(null);
    try {
      await this.#api.call('login', { body: { auth_key } });
      this.connection.signedInNow();
      await this.#router.navigateByUrl(this.to() ?? '/overview');
    } catch (error) {
      this.problem.set(this.#explain(error));
    } finally {
      this.busy.set(false);
    }
  }

  #explain(error: unknown): string {
    if (!(error instanceof ApiProblem)) return this.i18n.t('error.away');
    if (error.status === 401) return this.i18n.t('signIn.wrong');
    if (error.status !== 429) return error.message;
    return this.i18n.t('signIn.wait', { n: error.retryAfterSeconds ?? 60 });
  }
}
