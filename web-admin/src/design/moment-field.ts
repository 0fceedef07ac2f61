import { ChangeDetectionStrategy, Component, input, output } from '@angular/core';
import { Field } from './field.ts';
import { fromLocalInput, toLocalInput } from './local-time.ts';

/** Asks for a moment that is over, as the reader's clock has it. */
@Component({
  selector: 'km-moment-field',
  imports: [Field],
  template: `
    <km-field [label]="label()">
      <input
        #box
        class="input fit"
        type="datetime-local"
        step="1"
        [max]="now"
        (change)="chosen.emit(fromLocalInput(box.value))"
      />
    </km-field>
  `,
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class MomentField {
  readonly label = input.required<string>();
  /** ISO 8601; undefined where none is chosen any more. */
  readonly chosen = output<string | undefined>();
  readonly now = toLocalInput(Date.now());
  readonly fromLocalInput = fromLocalInput;
}
