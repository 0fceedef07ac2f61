import { ChangeDetectionStrategy, Component, computed, inject, signal } from '@angular/core';

import { Api } from '../api/api.ts';
import type { Setting } from '../api/generated.ts';
import { ApiProblem, refusedFields } from '../api/problem.ts';
import { Confirm } from '../design/confirm.ts';
import { SettingsHead } from './settings-head.ts';
import { Icon } from '../design/icon.ts';
import { LoadState } from '../design/load-state.ts';
import { Toasts } from '../design/toasts.ts';
import { I18n } from '../i18n/i18n.ts';
import { knownSettings } from './known-settings.ts';
import { refusalText } from '../api/refusal.ts';
import { SettingField } from './setting-field.ts';
import {
  type Draft,
  diffOf,
  type Drafts,
  patchOf,
  problemOf,
  withDraft,
} from './settings-draft.ts';

const sections = ['gateway', 'keys', 'logs'] as const;
const sectionNames = {
  gateway: 'settings.section.gateway',
  keys: 'settings.section.keys',
  logs: 'settings.section.logs',
} as const satisfies Record<(typeof sections)[number], string>;

/** The settings of the whole installation. */
@Component({
  selector: 'km-settings-page',
  imports: [Icon, LoadState, SettingsHead, SettingField],
  templateUrl: './settings-page.html',
  styleUrl: './settings-page.css',
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class SettingsPage {
  readonly i18n = inject(I18n);
  readonly #api = inject(Api);
  readonly #toasts = inject(Toasts);
  readonly #confirm = inject(Confirm);
  readonly drafts = signal<Drafts>({});
  readonly refused = signal<Readonly<Record<string, string>>>({});
  readonly saving = signal(false);
  /** The revision that the drafts were begun on. */
  readonly #base = signal<number | null>(null);
  readonly sectionNames = sectionNames;

  readonly settings = knownSettings();
  readonly #all = computed(() => this.settings.value()?.items ?? []);
  readonly sections = computed(() =>
    sections.map((name) => ({
      name,
      settings: this.#all().filter((each) => each.section === name),
    })),
  );
  readonly count = computed(() => Object.keys(this.drafts()).length);
  /** Somebody else changed the settings since the drafts were begun. */
  readonly stale = computed(() => {
    const base = this.#base();
    return this.count() > 0 && base !== null && this.settings.value()?.revision !== base;
  });
  readonly blocked = computed(
    () =>
      this.saving() ||
      this.stale() ||
      this.#all().some((each) => problemOf(each, this.drafts()[each.name]) !== null),
  );

  write(setting: Setting, draft: Draft): void {
    if (this.count() === 0) this.#base.set(this.settings.value()?.revision ?? null);
    this.drafts.update((drafts) => withDraft(drafts, setting, draft));
    this.#forgive(setting.name);
  }

  takeBack({ name }: Setting): void {
    this.drafts.update(({ [name]: _was, ...rest }) => rest);
    this.#forgive(name);
  }

  discard(): void {
    this.drafts.set({});
    this.refused.set({});
  }

  /** Puts the drafts on what the settings are by now. */
  keepDrafts(): void {
    this.#base.set(this.settings.value()?.revision ?? null);
    const drafts = this.drafts();
    this.drafts.set(
      this.#all().reduce<Drafts>((kept, setting) => {
        const draft = drafts[setting.name];
        return draft === undefined ? kept : withDraft(kept, setting, draft);
      }, {}),
    );
  }

  async save(): Promise<void> {
    const base = this.#base();
    if (this.blocked() || this.count() === 0 || base === null) return;
    const drafts = this.drafts();
    const diff = diffOf(this.#all(), drafts);
    const { t } = this.i18n;
    const agreed = await this.#confirm.ask({
      title: t('settings.saveTitle'),
      text: t('settings.saveText'),
      action: t('settings.save'),
      diff,
    });
    if (!agreed) return;
    this.saving.set(true);
    try {
      const body = patchOf(this.#all(), drafts);
      this.settings.set(await this.#api.call('changeSettings', { body, ifMatch: base }));
      this.discard();
      this.#toasts.done(t('settings.saved'));
    } catch (error) {
      this.#failed(error);
    } finally {
      this.saving.set(false);
    }
  }

  #failed(error: unknown): void {
    if (error instanceof ApiProblem && error.status === 409) return this.settings.reload();
    const fields = Object.entries(refusedFields(error));
    const [first] = fields;
    if (first === undefined) return this.#toasts.failed(error);
    this.refused.set(
      Object.fromEntries(fields.map(([field, said]) => [field, refusalText(this.i18n, said)])),
    );
    document.getElementById(first[0])?.focus();
  }

  #forgive(name: string): void {
    this.refused.update(({ [name]: _was, ...rest }) => rest);
  }
}
