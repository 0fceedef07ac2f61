import { ChangeDetectionStrategy, Component, input } from '@angular/core';

/** A control with its label, what helps to fill it in, and what is wrong with what it holds. */
@Component({
  selector: 'km-field',
  template: `
    <label class="field">
      <span class="label">{{ label() }}</span>
      <ng-content />
      @if (hint() !== '') {
        <span class="hint">{{ hint() }}</span>
      }
      @if (wrong(); as text) {
        <span class="wrong" role="alert">{{ text }}</span>
      }
    </label>
  `,
  styles: `
    :host {
      display: block;
      min-width: 0;
    }
  `,
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class Field {
  readonly label = input.required<string>();
  readonly hint = input('');
  readonly wrong = input<string>();
}
