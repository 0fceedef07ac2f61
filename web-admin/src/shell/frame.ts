import { ChangeDetectionStrategy, Component, inject } from '@angular/core';
import { Router, RouterLink, RouterLinkActive, RouterOutlet } from '@angular/router';
import { Api } from '../api/api.ts';
import { Connection } from '../api/connection.ts';
import { Live } from '../api/live.ts';
import { Icon, type IconName } from '../design/icon.ts';
import { Toasts } from '../design/toasts.ts';
import type { MessageKey } from '../i18n/en.ts';
import { I18n } from '../i18n/i18n.ts';
import { askWhenSessionEnds } from '../sign-in/sign-in-again.ts';
import { TaskTray } from '../tasks/task-tray.ts';
import { Preferences } from './preferences.ts';

interface Place {
  readonly path: string;
  readonly icon: IconName;
  readonly name: MessageKey;
}

/** What stands around every page: where one is, what runs, how it looks. */
@Component({
  selector: 'km-frame',
  imports: [RouterOutlet, RouterLink, RouterLinkActive, Icon, Preferences, TaskTray],
  template: `
    <a class="skip" href="#content" (click)="$event.preventDefault(); content.focus()">
      {{ i18n.t('skip') }}
    </a>
    <nav [attr.aria-label]="i18n.t('navigation')">
      <a class="brand" routerLink="/overview">
        <img src="icon.svg" width="24" height="24" alt="" /><span>Keymux</span>
      </a>
      <ul>
        @for (place of places; track place.path) {
          <li>
            <a [routerLink]="place.path" routerLinkActive="here" ariaCurrentWhenActive="page">
              <km-icon [name]="place.icon" /><span>{{ i18n.t(place.name) }}</span>
            </a>
          </li>
        }
      </ul>
    </nav>
    <div class="side">
      <header class="bar">
        <a class="brand narrow" routerLink="/overview">
          <img src="icon.svg" width="24" height="24" alt="" /><span>Keymux</span>
        </a>
        <span class="live" [class.off]="connection.away()" role="status">
          <i class="dot" [class.good]="!connection.away()" [class.bad]="connection.away()"></i>
          <span>{{ i18n.t(connection.away() ? 'connection.off' : 'connection.live') }}</span>
        </span>
        <km-task-tray />
        <km-preferences />
        <button
          type="button"
          class="button quiet icon"
          [attr.aria-label]="i18n.t('signOut')"
          [title]="i18n.t('signOut')"
          (click)="signOut()"
        >
          <km-icon name="signOut" />
        </button>
      </header>
      <main id="content" #content tabindex="-1">
        <router-outlet />
      </main>
    </div>
  `,
  styleUrl: './frame.css',
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class Frame {
  readonly i18n = inject(I18n);
  readonly connection = inject(Connection);
  readonly #api = inject(Api);
  readonly #router = inject(Router);
  readonly #toasts = inject(Toasts);

  readonly places: readonly Place[] = [
    { path: '/overview', icon: 'overview', name: 'overview' },
    { path: '/groups', icon: 'groups', name: 'groups' },
    { path: '/logs', icon: 'logs', name: 'logs' },
    { path: '/activity', icon: 'activity', name: 'activity' },
    { path: '/settings', icon: 'settings', name: 'settings' },
  ];

  constructor() {
    // Listening begins with the first page.
    inject(Live);
    askWhenSessionEnds();
  }

  async signOut(): Promise<void> {
    try {
      await this.#api.call('logout');
      this.connection.left();
      await this.#router.navigateByUrl('/sign-in');
    } catch (error) {
      this.#toasts.failed(error);
    }
  }
}
