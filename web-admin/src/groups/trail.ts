import { ChangeDetectionStrategy, Component, inject, input } from '@angular/core';
import { RouterLink } from '@angular/router';
import { Icon } from '../design/icon.ts';
import { I18n } from '../i18n/i18n.ts';

/** The way back from a page of a group, above its title. */
@Component({
  selector: 'km-trail',
  imports: [Icon, RouterLink],
  template: `
    <a routerLink="/groups">{{ i18n.t('groups') }}</a>
    @if (group(); as name) {
      <km-icon class="dense" name="next" />
      <a [routerLink]="['/groups', name]">{{ name }}</a>
    }
  `,
  styles: `
    :host {
      display: flex;
      align-items: center;
      gap: 2px;
      font-size: 12.5px;
      color: var(--text-faint);
    }
    a {
      color: var(--text-soft);
    }
  `,
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class Trail {
  readonly i18n = inject(I18n);
  /** Named on the pages below that of the group itself. */
  readonly group = input('');
}
