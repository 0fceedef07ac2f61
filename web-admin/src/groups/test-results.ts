import { ChangeDetectionStrategy, Component, inject, input } from '@angular/core';
import type { Answer } from '../api/api.ts';
import { I18n } from '../i18n/i18n.ts';

/** What each upstream answered to a small request. */
@Component({
  selector: 'km-test-results',
  template: `
    <ul role="status">
      @for (result of results(); track result.upstream) {
        <li>
          <span class="badge" [class]="result.ok ? 'good' : 'bad'">{{ result.status ?? '–' }}</span>
          <span class="grow">
            <code>{{ result.upstream }}</code>
            <span class="small soft message">{{ result.message }}</span>
          </span>
          <span class="faint nowrap">{{ i18n.span(result.ms) }}</span>
        </li>
      }
    </ul>
  `,
  styles: `
    li {
      display: flex;
      align-items: baseline;
      gap: 10px;
      padding: 8px 16px;
      border-top: 1px solid var(--line);
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
}
