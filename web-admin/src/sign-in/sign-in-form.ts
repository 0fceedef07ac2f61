import {
  afterNextRender,
  ChangeDetectionStrategy,
  Component,
  type ElementRef,
  inject,
  output,
  signal,
  viewChild,
} from '@angular/core';
import { Api } from '../api/api.ts';
import { Connection } from '../api/connection.ts';
import { ApiProblem } from '../api/problem.ts';
import { Icon } from '../design/icon.ts';
import { I18n } from '../i18n/i18n.ts';

/** Asks for the admin key, and opens a session with it. */
@Component({
  selector: 'km-sign-in-form',
  imports: [Icon],
  template: `
    <form (submit)="$event.preventDefault(); signIn(box.value)">
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
  `,
  styles: `
    form {
      display: flex;
      flex-direction: column;
      gap: 14px;
    }
    .button {
      min-height: 38px;
    }
  `,
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class SignInForm {
  readonly i18n = inject(I18n);
  readonly #api = inject(Api);
  readonly connection = inject(Connection);

  readonly signedIn = output();
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
      this.signedIn.emit();
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
