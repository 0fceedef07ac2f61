import { ChangeDetectionStrategy, Component, inject, input, output } from '@angular/core';
import { I18n } from '../i18n/i18n.ts';
import { Field } from './field.ts';

/** Asks from when to when, as the reader's clock has it. */
@Component({
  selector: 'km-time-window',
  imports: [Field],
  template: `
    <km-field
      [label]="i18n.t('window.from')"
      [wrong]="wrong() === 'from' ? i18n.t('window.wrong.from') : undefined"
    >
      <input
        #first
        class="input"
        type="datetime-local"
        [value]="from()"
        [attr.aria-invalid]="wrong() === 'from'"
        (input)="changed.emit({ from: first.value })"
      />
    </km-field>
    <km-field
      [label]="i18n.t('window.to')"
      [wrong]="wrong() === 'to' ? i18n.t('window.wrong.to') : undefined"
    >
      <input
        #last
        class="input"
        type="datetime-local"
        [value]="to()"
        [attr.aria-invalid]="wrong() === 'to'"
        (input)="changed.emit({ to: last.value })"
      />
    </km-field>
  `,
  styles: `
    :host {
      display: contents;
    }
  `,
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class TimeWindow {
  readonly i18n = inject(I18n);
  readonly from = input.required<string>();
  readonly to = input.required<string>();
  /** Which end is wrong. */
  readonly wrong = input<string | null>(null);
  readonly changed = output<{ readonly from: string } | { readonly to: string }>();
}
