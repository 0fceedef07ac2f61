import { ChangeDetectionStrategy, Component, inject, Injectable, signal } from '@angular/core';
import { ApiProblem, isSignedOut, ServerAway } from '../api/problem.ts';
import { I18n } from '../i18n/i18n.ts';
import { refusalText } from '../api/refusal.ts';
import { Icon } from './icon.ts';

export interface Toast {
  readonly id: number;
  readonly kind: 'good' | 'bad';
  readonly text: string;
}

/** Short words about what was just done. */
@Injectable({ providedIn: 'root' })
export class Toasts {
  readonly #i18n = inject(I18n);
  readonly #toasts = signal<readonly Toast[]>([]);
  readonly toasts = this.#toasts.asReadonly();
  #last = 0;

  done(text: string): void {
    this.#show('good', text, 4_000);
  }

  failed(error: unknown): void {
    if (isSignedOut(error)) return;
    const away = error instanceof ServerAway;
    const said = error instanceof Error ? error.message : String(error);
    const text = error instanceof ApiProblem ? refusalText(this.#i18n, said) : said;
    this.#show('bad', away ? this.#i18n.t('error.away') : text, 10_000);
  }

  drop(id: number): void {
    this.#toasts.update((toasts) => toasts.filter((each) => each.id !== id));
  }

  #show(kind: Toast['kind'], text: string, forMs: number): void {
    this.#last += 1;
    const id = this.#last;
    this.#toasts.update((toasts) => [...toasts.slice(-3), { id, kind, text }]);
    setTimeout(() => this.drop(id), forMs);
  }
}

/** Where toasts stand. */
@Component({
  selector: 'km-toasts',
  imports: [Icon],
  template: `<div aria-live="polite">
    @for (toast of toasts.toasts(); track toast.id) {
      <div class="toast" [class.bad]="toast.kind === 'bad'">
        <km-icon [name]="toast.kind === 'bad' ? 'warning' : 'check'" />
        <span class="grow">{{ toast.text }}</span>
        <button
          type="button"
          class="button quiet icon small"
          [attr.aria-label]="i18n.t('close')"
          (click)="toasts.drop(toast.id)"
        >
          <km-icon class="dense" name="close" />
        </button>
      </div>
    }
  </div>`,
  styles: `
    :host {
      position: fixed;
      inset: auto 16px 16px auto;
      z-index: 1100;
      max-width: min(420px, calc(100vw - 32px));
    }
    .toast {
      display: flex;
      align-items: center;
      gap: 10px;
      margin-top: 8px;
      padding: 8px 8px 8px 14px;
      border: 1px solid var(--line);
      border-radius: var(--radius);
      background: var(--raised);
      box-shadow: var(--shadow);
    }
    .toast > km-icon {
      color: var(--good);
    }
    .toast.bad > km-icon {
      color: var(--bad);
    }
    @media (max-width: 720px) {
      :host {
        inset-block-end: 72px;
      }
    }
  `,
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class ToastStack {
  readonly toasts = inject(Toasts);
  readonly i18n = inject(I18n);
}
