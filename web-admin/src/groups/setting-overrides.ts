import { ChangeDetectionStrategy, Component, computed, inject, input, output } from '@angular/core';
import type { Setting } from '../api/generated.ts';
import { Field } from '../design/field.ts';
import { I18n } from '../i18n/i18n.ts';
import { settingText, valueText } from '../settings/setting-texts.ts';

type Config = Readonly<Record<string, unknown>>;

/** The settings that a group may have of its own; an empty field inherits. */
@Component({
  selector: 'km-setting-overrides',
  imports: [Field],
  template: `<div class="grid">
    @for (setting of own(); track setting.name) {
      <km-field
        [label]="setting.title"
        [hint]="setting.help"
        [wrong]="wrong()['config.' + setting.name]"
      >
        @if (setting.type === 'boolean') {
          <select #box class="input" (change)="take(setting, box.value)">
            <option value="">{{ i18n.t('groups.inherits', { value: shown(setting) }) }}</option>
            <option value="true" [selected]="config()[setting.name] === true">
              {{ i18n.t('groups.yes') }}
            </option>
            <option value="false" [selected]="config()[setting.name] === false">
              {{ i18n.t('groups.no') }}
            </option>
          </select>
        } @else {
          <input
            #box
            class="input"
            [type]="setting.type === 'integer' ? 'number' : 'text'"
            [attr.min]="setting.min"
            [attr.max]="setting.max"
            [placeholder]="i18n.t('groups.inherits', { value: shown(setting) })"
            [value]="config()[setting.name] ?? ''"
            [attr.aria-invalid]="wrong()['config.' + setting.name] !== undefined"
            (input)="take(setting, box.value)"
          />
        }
      </km-field>
    }
  </div>`,
  styles: `
    .grid {
      display: grid;
      grid-template-columns: repeat(auto-fill, minmax(min(100%, 260px), 1fr));
      gap: 16px;
      padding: 4px 16px 16px;
    }
  `,
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class SettingOverrides {
  readonly i18n = inject(I18n);
  readonly settings = input.required<readonly Setting[]>();
  readonly config = input.required<Config>();
  readonly wrong = input.required<Readonly<Record<string, string>>>();
  readonly configChange = output<Config>();
  readonly own = computed(() =>
    this.settings()
      .filter((each) => each.group_overridable)
      .map((each) => ({ ...each, ...settingText(each, this.i18n.language()) })),
  );

  shown({ name, value }: Setting): string {
    return valueText({ name, value, nothing: '–' }, this.i18n);
  }

  take({ name, type }: Setting, text: string): void {
    const { [name]: _, ...rest } = this.config();
    if (text === '') {
      this.configChange.emit(rest);
      return;
    }
    const value = type === 'integer' ? Number(text) : type === 'boolean' ? text === 'true' : text;
    this.configChange.emit({ ...rest, [name]: value });
  }
}
