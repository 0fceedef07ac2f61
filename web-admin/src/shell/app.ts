import { ChangeDetectionStrategy, Component, effect, inject } from '@angular/core';
import { Router, RouterOutlet } from '@angular/router';
import { Connection } from '../api/connection.ts';
import { ToastStack } from '../design/toasts.ts';
import { I18n } from '../i18n/i18n.ts';
import { ThemeChoice } from '../theme/theme.ts';

/** The console. */
@Component({
  selector: 'km-root',
  imports: [RouterOutlet, ToastStack],
  template: `
    @if (connection.away()) {
      <div class="away" role="alert">{{ i18n.t('connection.away') }}</div>
    }
    <router-outlet />
    <km-toasts />
  `,
  styles: `
    .away {
      /* Over the page, which shall not jump when it comes and goes. */
      position: fixed;
      inset: 58px 0 auto;
      z-index: 900;
      width: fit-content;
      max-width: calc(100vw - 32px);
      margin: 0 auto;
      padding: 6px 16px;
      border-radius: 99px;
      background: var(--warn-soft);
      color: var(--warn);
      box-shadow: var(--shadow);
      text-align: center;
      font-weight: 500;
    }
  `,
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class App {
  readonly connection = inject(Connection);
  readonly i18n = inject(I18n);

  constructor() {
    inject(ThemeChoice);
    const router = inject(Router);
    effect(() => {
      // Before the first page, the guards know better where the person was going.
      if (this.connection.session() !== 'closed' || !router.navigated) return;
      // Who did not leave signs in over the page.
      if (this.connection.ended() || router.url.startsWith('/sign-in')) return;
      void router.navigate(['/sign-in'], { queryParams: { to: router.url } });
    });
  }
}
