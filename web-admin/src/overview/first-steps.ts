import { ChangeDetectionStrategy, Component, inject } from '@angular/core';
import { RouterLink } from '@angular/router';
import { I18n } from '../i18n/i18n.ts';

/** The way from nothing to a first request. */
@Component({
  selector: 'km-first-steps',
  imports: [RouterLink],
  template: `<section class="card">
    <h2>{{ i18n.t('overview.firstTitle') }}</h2>
    <p class="soft">{{ i18n.t('overview.firstText') }}</p>
    <ol>
      <li>{{ i18n.t('overview.step1') }}</li>
      <li>{{ i18n.t('overview.step2') }}</li>
      <li>{{ i18n.t('overview.step3') }}</li>
    </ol>
    <a class="button primary" routerLink="/new-group">{{ i18n.t('overview.createGroup') }}</a>
  </section>`,
  styles: `
    section {
      display: flex;
      flex-direction: column;
      align-items: flex-start;
      gap: 12px;
      max-width: 640px;
      padding: 28px;
    }
    h2 {
      font-size: 17px;
      line-height: 24px;
    }
    ol {
      counter-reset: step;
      display: flex;
      flex-direction: column;
      gap: 10px;
      margin: 4px 0 8px;
    }
    li {
      display: flex;
      align-items: center;
      gap: 12px;
      counter-increment: step;
    }
    li::before {
      content: counter(step);
      display: grid;
      place-items: center;
      flex: none;
      width: 24px;
      height: 24px;
      border-radius: 50%;
      background: var(--selected);
      color: var(--accent);
      font-size: 12.5px;
      font-weight: 600;
    }
  `,
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class FirstSteps {
  readonly i18n = inject(I18n);
}
