import { ChangeDetectionStrategy, Component, inject } from '@angular/core';
import { RouterLink, RouterLinkActive } from '@angular/router';
import { I18n } from '../i18n/i18n.ts';

/** The title of the settings, and the way between what is set and what was. */
@Component({
  selector: 'km-settings-head',
  imports: [RouterLink, RouterLinkActive],
  template: `
    <div class="page-head">
      <h1 class="grow">{{ i18n.t('settings') }}</h1>
      <nav class="segments" [attr.aria-label]="i18n.t('settings')">
        <a
          routerLink="/settings"
          routerLinkActive="here"
          [routerLinkActiveOptions]="{ exact: true }"
          ariaCurrentWhenActive="page"
          >{{ i18n.t('settings.values') }}</a
        >
        <a routerLink="/settings/revisions" routerLinkActive="here" ariaCurrentWhenActive="page">
          {{ i18n.t('settings.revisions') }}
        </a>
        <a routerLink="/settings/maintenance" routerLinkActive="here" ariaCurrentWhenActive="page">
          {{ i18n.t('settings.maintenance') }}
        </a>
      </nav>
    </div>
  `,
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class SettingsHead {
  readonly i18n = inject(I18n);
}
