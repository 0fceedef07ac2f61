import { ChangeDetectionStrategy, Component, computed, inject, input, signal } from '@angular/core';
import { type Answer, Api } from '../api/api.ts';
import { loaded } from '../api/loaded.ts';
import { ApiProblem } from '../api/problem.ts';
import { LoadState } from '../design/load-state.ts';
import { MomentField } from '../design/moment-field.ts';
import { I18n } from '../i18n/i18n.ts';
import { statusNames, statusTones } from './key-status.ts';
import { whyText } from './why-text.ts';

/** A key as it was at a moment that a person chooses. */
@Component({
  selector: 'km-key-past',
  imports: [LoadState, MomentField],
  template: `
    <km-moment-field [label]="i18n.t('past.at')" (chosen)="at.set($event)" />
    <km-load-state [of]="past" />
    @if (past.value(); as it) {
      <div class="row" role="status">
        <span class="badge" [class]="tones[it.status]">{{ i18n.t(names[it.status]) }}</span>
        <span class="small soft grow">{{ why() }}</span>
      </div>
    } @else if (past.value() === null) {
      <p class="small soft" role="status">{{ i18n.t('past.none') }}</p>
    }
  `,
  styles: `
    :host {
      display: flex;
      flex-direction: column;
      gap: 8px;
    }
    .row {
      align-items: baseline;
    }
    .grow {
      flex-basis: 14rem;
      overflow-wrap: anywhere;
    }
  `,
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class KeyPast {
  readonly i18n = inject(I18n);
  readonly #api = inject(Api);
  readonly id = input.required<string>();
  readonly at = signal<string | undefined>(undefined);
  readonly names = statusNames;
  readonly tones = statusTones;

  readonly past = loaded({
    params: () => {
      const at = this.at();
      return at === undefined ? undefined : { id: this.id(), at };
    },
    load: ({ id, at }, signal) => this.#stateAt(id, at, signal),
  });
  readonly why = computed(() => whyText(this.i18n, this.past.value()?.why ?? ''));

  /** Null before the key was there. */
  async #stateAt(id: string, at: string, signal: AbortSignal): Promise<Answer<'keyState'> | null> {
    try {
      return await this.#api.call('keyState', { path: { id }, query: { at }, signal });
    } catch (error) {
      if (error instanceof ApiProblem && error.status === 404) return null;
      throw error;
    }
  }
}
