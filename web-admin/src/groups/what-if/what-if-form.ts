import {
  ChangeDetectionStrategy,
  Component,
  computed,
  inject,
  input,
  output,
  signal,
} from '@angular/core';
import type { Group } from '../../api/generated.ts';
import { Field } from '../../design/field.ts';
import { TimeWindow } from '../../design/time-window.ts';
import { toLocalInput } from '../../design/local-time.ts';
import { I18n } from '../../i18n/i18n.ts';
import { RuleEditor } from './rule-editor.ts';
import { type Asked, askedOf, limits, typedRules, type WhatIfForm } from './tried-policy.ts';

const dayMs = 86_400_000;
const minuteMs = 60_000;

/** Asks for a policy and a window. */
@Component({
  selector: 'km-what-if-form',
  imports: [Field, RuleEditor, TimeWindow],
  templateUrl: './what-if-form.html',
  styleUrl: './what-if-form.css',
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class WhatIfFormCard {
  readonly i18n = inject(I18n);
  readonly group = input.required<Group>();
  readonly busy = input.required<boolean>();
  readonly asked = output<Extract<Asked, { kind: 'right' }>['body']>();
  readonly guards = ['as-was', 'off', 'on'] as const;

  readonly form = signal<WhatIfForm>({
    threshold: '',
    retries: '',
    rest: '',
    guard: 'as-was',
    guardWindow: '',
    guardKeys: '',
    rules: null,
    from: toLocalInput(Date.now() - dayMs),
    to: toLocalInput(Date.now() + minuteMs),
  });
  readonly numbers = computed(() => {
    const values = this.group().effective_config;
    const now = (name: string): string => String(values[name]?.value ?? '–');
    const { t } = this.i18n;
    return [
      {
        field: 'threshold' as const,
        name: t('whatIf.threshold'),
        hint: t('whatIf.thresholdHint', { now: now('blacklist_threshold') }),
      },
      {
        field: 'retries' as const,
        name: t('whatIf.retries'),
        hint: t('whatIf.retriesHint', { now: now('max_retries') }),
      },
      { field: 'rest' as const, name: t('whatIf.rest'), hint: t('whatIf.restHint') },
    ];
  });
  readonly guardNumbers = [
    { field: 'guardWindow', name: 'whatIf.guardWindow' },
    { field: 'guardKeys', name: 'whatIf.guardKeys' },
  ] as const;
  readonly #read = computed(() => askedOf(this.form()));
  readonly wrong = computed((): ReadonlySet<string> => {
    const read = this.#read();
    return read.kind === 'wrong' ? read.fields : new Set();
  });

  change(part: Partial<WhatIfForm>): void {
    this.form.update((form) => ({ ...form, ...part }));
  }

  set(field: 'threshold' | 'retries' | 'rest' | 'guardWindow' | 'guardKeys', value: string): void {
    this.change({ [field]: value });
  }

  editRules(): void {
    this.change({ rules: typedRules(this.group().error_rules) });
  }

  range(kind: keyof typeof limits): string {
    const [min, max] = limits[kind];
    return this.i18n.t('whatIf.wrong', { min, max });
  }

  ask(): void {
    const read = this.#read();
    if (read.kind === 'right' && !this.busy()) this.asked.emit(read.body);
  }
}
