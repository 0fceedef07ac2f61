import { ChangeDetectionStrategy, Component, inject } from '@angular/core';
import { MatMenuModule } from '@angular/material/menu';
import { Icon } from '../design/icon.ts';
import { I18n } from '../i18n/i18n.ts';
import { type Language, languages } from '../i18n/languages.ts';
import { type Theme, ThemeChoice, themes } from '../theme/theme.ts';

/** Language and theme. */
@Component({
  selector: 'km-preferences',
  imports: [MatMenuModule, Icon],
  template: `
    <button
      type="button"
      class="button quiet icon"
      [attr.aria-label]="i18n.t('language')"
      [title]="i18n.t('language')"
      [matMenuTriggerFor]="speech"
    >
      <km-icon name="language" />
    </button>
    <mat-menu #speech="matMenu">
      @for (each of all; track each) {
        <button
          mat-menu-item
          role="menuitemradio"
          [attr.aria-checked]="each === i18n.language()"
          [lang]="each"
          (click)="speak(each)"
        >
          <span class="choice">
            <km-icon class="dense" [name]="each === i18n.language() ? 'check' : 'blank'" />
            {{ languages[each] }}
          </span>
        </button>
      }
    </mat-menu>
    <button
      type="button"
      class="button quiet icon"
      [attr.aria-label]="i18n.t('theme')"
      [title]="i18n.t('theme')"
      [matMenuTriggerFor]="look"
    >
      <km-icon name="sun" />
    </button>
    <mat-menu #look="matMenu">
      @for (each of themes; track each) {
        <button
          mat-menu-item
          role="menuitemradio"
          [attr.aria-checked]="each === theme.theme()"
          (click)="theme.choose(each)"
        >
          <span class="choice">
            <km-icon class="dense" [name]="each === theme.theme() ? 'check' : 'blank'" />
            {{ i18n.t(names[each]) }}
          </span>
        </button>
      }
    </mat-menu>
  `,
  styles: `
    :host {
      display: flex;
      gap: 4px;
    }
    .choice {
      display: flex;
      align-items: center;
      gap: 8px;
    }
  `,
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class Preferences {
  readonly i18n = inject(I18n);
  readonly theme = inject(ThemeChoice);
  readonly languages = languages;
  readonly all: readonly Language[] = ['en', 'zh', 'ja'];
  readonly themes = themes;
  readonly names = {
    auto: 'theme.auto',
    light: 'theme.light',
    dark: 'theme.dark',
  } as const satisfies Record<Theme, string>;

  speak(chosen: Language): void {
    void this.i18n.choose(chosen);
  }
}
