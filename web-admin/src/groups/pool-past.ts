import { ChangeDetectionStrategy, Component, inject, input, signal } from '@angular/core';
import { Api } from '../api/api.ts';
import { loaded } from '../api/loaded.ts';
import { KeyStates } from '../design/key-states.ts';
import { LoadState } from '../design/load-state.ts';
import { MomentField } from '../design/moment-field.ts';
import { I18n } from '../i18n/i18n.ts';

/** In which states the keys of a group were at a moment that a person chooses, those deleted since too. */
@Component({
  selector: 'km-pool-past',
  imports: [KeyStates, LoadState, MomentField],
  template: `
    <details>
      <summary>{{ i18n.t('past.open') }}</summary>
      <km-moment-field [label]="i18n.t('past.at')" (chosen)="at.set($event)" />
      <km-load-state [of]="past" />
      @if (past.value(); as it) {
        <km-key-states role="status" [counts]="it.counts" />
      }
    </details>
  `,
  styles: `
    details {
      margin-top: 12px;
    }
    summary {
      width: fit-content;
      color: var(--accent);
      font-size: 12.5px;
      cursor: pointer;
    }
    km-moment-field,
    km-key-states {
      display: block;
      margin-top: 10px;
    }
  `,
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class PoolPast {
  readonly i18n = inject(I18n);
  readonly #api = inject(Api);
  readonly group = input.required<string>();
  readonly at = signal<string | undefined>(undefined);

  readonly past = loaded({
    params: () => {
      const at = this.at();
      return at === undefined ? undefined : { name: this.group(), at };
    },
    load: ({ name, at }, signal) =>
      this.#api.call('poolState', { path: { name }, query: { at, limit: 1 }, signal }),
  });
}
