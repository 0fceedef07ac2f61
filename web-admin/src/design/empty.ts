import { ChangeDetectionStrategy, Component, input } from '@angular/core';
import { Icon, type IconName } from './icon.ts';

/** Says that there is nothing yet, and what to do about it. */
@Component({
  selector: 'km-empty',
  imports: [Icon],
  template: `
    <km-icon [name]="icon()" />
    <h2>{{ title() }}</h2>
    <p class="soft">{{ text() }}</p>
    <div class="row"><ng-content /></div>
  `,
  styles: `
    :host {
      display: flex;
      flex-direction: column;
      align-items: center;
      gap: 6px;
      padding: 48px 24px;
      text-align: center;
    }
    km-icon {
      padding: 11px;
      border-radius: 12px;
      background: var(--calm-soft);
      color: var(--calm);
    }
    h2 {
      margin-top: 8px;
    }
    p {
      max-width: 420px;
      text-wrap: balance;
    }
    .row {
      flex-wrap: wrap;
      margin-top: 12px;
      justify-content: center;
    }
  `,
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class Empty {
  readonly icon = input.required<IconName>();
  readonly title = input.required<string>();
  readonly text = input.required<string>();
}
