import { ChangeDetectionStrategy, Component, inject, input } from '@angular/core';
import type { Answer } from '../api/api.ts';
import { I18n } from '../i18n/i18n.ts';

/** What each upstream answered to a small request. */
@Component({
  selector: 'km-test-results',
  template: `
    <h3>{{ i18n.t('groups.tested') }}</h3>
    <ul role="status">
      @for (result of results(); track result.upstream) {
        <li>
          <span class="badge" [class]="result.ok ? 'good' : 'bad'">{{ result.status ?? '–' }}</span>
          <span class="grow">
            <code>{{ result.upstream }}</code>
            @if (said(result); as text) {
              <span class="small soft message">{{ text }}</span>
            }
          </span>
          <span class="faint nowrap">{{ i18n.span(result.ms) }}</span>
        </li>
      }
    </ul>
  `,
  styles: `
    h3 {
      padding: 10px 16px 4px;
      border-top: 1px solid var(--line);
      color: var(--text-faint);
      font-size: 12px;
      font-weight: 500;
    }
    li {
      display: flex;
      align-items: baseline;
      gap: 10px;
      padding: 8px 16px;
    }
    .grow {
      min-width: 0;
    }
    .message {
      display: block;
      overflow-wrap: anywhere;
    }
  `,
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class TestResults {
  readonly i18n = inject(I18n);
  readonly results = input.required<Answer<'testGroup'>['results']>();

  /** More than the status, which stands beside it. */
  said({ status, message }: Answer<'testGroup'>['results'][number]): string {
    return message === `HTTP ${status}` ? '' : message;
  }
}
