import { ChangeDetectionStrategy, Component, inject, input, model } from '@angular/core';
import { Field } from '../../design/field.ts';
import { Icon } from '../../design/icon.ts';
import { I18n } from '../../i18n/i18n.ts';
import { limits, type TypedRule, type Verdict, verdicts } from './tried-policy.ts';

/** The rules of a policy to try, one a line, asked in this order. */
@Component({
  selector: 'km-rule-editor',
  imports: [Field, Icon],
  template: `
    @for (rule of rules(); track $index) {
      <fieldset>
        <legend class="sr-only">{{ i18n.t('whatIf.ruleNumber', { n: $index + 1 }) }}</legend>
        <div class="row head">
          <span class="small soft grow" aria-hidden="true">{{
            i18n.t('whatIf.ruleNumber', { n: $index + 1 })
          }}</span>
          <button
            type="button"
            class="button quiet icon small"
            [attr.aria-label]="i18n.t('whatIf.ruleRemove', { n: $index + 1 })"
            [title]="i18n.t('whatIf.ruleRemove', { n: $index + 1 })"
            (click)="remove($index)"
          >
            <km-icon class="dense" name="trash" />
          </button>
        </div>
        <km-field
          [label]="i18n.t('whatIf.ruleStatus')"
          [wrong]="wrong().has('rule.' + $index + '.status') ? range('status') : undefined"
        >
          <input
            #status
            class="input"
            inputmode="numeric"
            maxlength="3"
            [value]="rule.status"
            [attr.aria-invalid]="wrong().has('rule.' + $index + '.status')"
            (input)="change($index, { status: status.value })"
          />
        </km-field>
        <km-field class="contains" [label]="i18n.t('whatIf.ruleContains')">
          <input
            #contains
            class="input mono"
            maxlength="500"
            [value]="rule.contains"
            (input)="change($index, { contains: contains.value })"
          />
        </km-field>
        <km-field [label]="i18n.t('whatIf.ruleVerdict')">
          <select #verdict class="input" (change)="judge($index, verdict.value)">
            @for (each of verdicts; track each) {
              <option [value]="each" [selected]="each === rule.verdict">
                {{ text(each) }}
              </option>
            }
          </select>
        </km-field>
        @if (rule.verdict === 'cooldown' || rule.verdict === 'upstream') {
          <km-field
            [label]="i18n.t('whatIf.ruleSeconds')"
            [wrong]="wrong().has('rule.' + $index + '.seconds') ? range('seconds') : undefined"
          >
            <input
              #seconds
              class="input"
              inputmode="numeric"
              maxlength="6"
              [value]="rule.seconds"
              [attr.aria-invalid]="wrong().has('rule.' + $index + '.seconds')"
              (input)="change($index, { seconds: seconds.value })"
            />
          </km-field>
        }
      </fieldset>
    } @empty {
      <p class="soft small">{{ i18n.t('whatIf.rulesNone') }}</p>
    }
    <button type="button" class="button small" (click)="add()">
      <km-icon class="dense" name="plus" /> {{ i18n.t('whatIf.ruleAdd') }}
    </button>
  `,
  styles: `
    :host {
      display: flex;
      flex-direction: column;
      align-items: flex-start;
      gap: 10px;
    }
    fieldset {
      display: grid;
      grid-template-columns: minmax(0, 1fr) minmax(0, 1fr);
      align-items: start;
      gap: 8px;
      width: 100%;
      margin: 0;
      padding: 10px;
      border: 1px solid var(--line);
      border-radius: var(--radius-small);
    }
    .head {
      grid-column: 1 / -1;
    }
  `,
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class RuleEditor {
  readonly i18n = inject(I18n);
  readonly rules = model.required<readonly TypedRule[]>();
  readonly wrong = input.required<ReadonlySet<string>>();
  readonly verdicts = verdicts;

  add(): void {
    const rule: TypedRule = { status: '429', contains: '', verdict: 'cooldown', seconds: '60' };
    this.rules.update((rules) => [...rules, rule]);
  }

  remove(at: number): void {
    this.rules.update((rules) => rules.toSpliced(at, 1));
  }

  change(at: number, part: Partial<TypedRule>): void {
    this.rules.update((rules) =>
      rules.map((rule, index) => (index === at ? { ...rule, ...part } : rule)),
    );
  }

  judge(at: number, name: string): void {
    const verdict: Verdict | undefined = verdicts.find((each) => each === name);
    if (verdict !== undefined) this.change(at, { verdict });
  }

  text(verdict: Verdict): string {
    return this.i18n.t(`whatIf.rule.${verdict}`);
  }

  range(kind: 'status' | 'seconds'): string {
    const [min, max] = limits[kind];
    return this.i18n.t('whatIf.wrong', { min, max });
  }
}
