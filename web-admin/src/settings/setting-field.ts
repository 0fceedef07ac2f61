import { ChangeDetectionStrategy, Component, computed, inject, input, output } from '@angular/core';
import { MatSlideToggleModule } from '@angular/material/slide-toggle';
import type { Setting } from '../api/generated.ts';
import { Icon } from '../design/icon.ts';
import { I18n } from '../i18n/i18n.ts';
import { ProxyKeys } from './proxy-keys.ts';
import { settingText, valueText } from './setting-texts.ts';
import { type Draft, type Drafts, problemOf, shownIn } from './settings-draft.ts';

const sourceNames = {
  default: 'settings.source.default',
  environment: 'settings.source.environment',
  system: 'settings.source.system',
} as const satisfies Record<Setting['source'], string>;

/** One setting: what it is, what it may be, where its value comes from. */
@Component({
  selector: 'km-setting-field',
  imports: [Icon, MatSlideToggleModule, ProxyKeys],
  templateUrl: './setting-field.html',
  styleUrl: './setting-field.css',
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class SettingField {
  readonly i18n = inject(I18n);
  readonly setting = input.required<Setting>();
  readonly drafts = input.required<Drafts>();
  /** What the server said of it. */
  readonly refused = input<string | undefined>();
  readonly changed = output<Draft>();
  readonly taken = output<void>();
  readonly sourceNames = sourceNames;

  readonly text = computed(() => settingText(this.setting(), this.i18n.language()));
  readonly draft = computed(() => this.drafts()[this.setting().name]);
  readonly shown = computed(() => shownIn(this.setting(), this.drafts()));
  readonly inherits = computed(() => this.draft() === null);
  readonly problem = computed(() => {
    const problem = problemOf(this.setting(), this.draft());
    if (problem === null) return this.refused() ?? null;
    const { i18n } = this;
    switch (problem.kind) {
      case 'number':
        return i18n.t('settings.wholeNumber');
      case 'range':
        return i18n.t('settings.between', { min: problem.min, max: problem.max });
      case 'least':
        return i18n.t('settings.least', { min: problem.min });
      default:
        return problem satisfies never;
    }
  });
  readonly range = computed(() => {
    const { type, min, max } = this.setting();
    if (type !== 'integer' || min === undefined || max === undefined) return null;
    return `${this.i18n.number(min)}–${this.i18n.number(max)}`;
  });
  readonly fallback = computed(() => {
    const { name, default: value } = this.setting();
    return valueText({ name, value, nothing: this.i18n.t('settings.empty') }, this.i18n);
  });
  readonly checked = computed(() =>
    this.inherits() ? this.setting().default === true : this.shown() === true,
  );
  readonly words = computed(() => {
    const shown = this.shown();
    return typeof shown === 'string' ? shown : '';
  });
}
