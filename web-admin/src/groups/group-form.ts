import {
  ChangeDetectionStrategy,
  Component,
  computed,
  effect,
  inject,
  input,
  signal,
  untracked,
} from '@angular/core';
import { Router, RouterLink } from '@angular/router';
import { Api } from '../api/api.ts';
import { check } from '../api/check.ts';
import { type GroupPatch, newGroupSchema } from '../api/generated.ts';
import { loaded } from '../api/loaded.ts';
import { ApiProblem, refusedFields } from '../api/problem.ts';
import { Icon } from '../design/icon.ts';
import { LoadState } from '../design/load-state.ts';
import { Toasts } from '../design/toasts.ts';
import { I18n } from '../i18n/i18n.ts';
import { refusalText } from '../api/refusal.ts';
import {
  bodyOf,
  byRule,
  type Draft,
  draftOf,
  emptyDraft,
  patchOf,
  ruleFields,
  rebased,
  unreadableRules,
} from './draft.ts';
import { SettingOverrides } from './setting-overrides.ts';

/** Makes a group or changes one. */
@Component({
  selector: 'km-group-form',
  imports: [RouterLink, Icon, LoadState, SettingOverrides],
  templateUrl: './group-form.html',
  styleUrl: './group-form.css',
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class GroupForm {
  readonly i18n = inject(I18n);
  readonly #api = inject(Api);
  readonly #router = inject(Router);
  readonly #toasts = inject(Toasts);
  /** The group to change; none makes a new one. */
  readonly name = input<string>();
  readonly ruleFields = ruleFields;

  readonly channels = loaded({
    params: () => ({}),
    load: (_, signal) => this.#api.call('listChannels', { signal }),
  });
  readonly group = loaded({
    params: () => this.name(),
    load: (name, signal) => this.#api.call('getGroup', { path: { name }, signal }),
  });
  readonly groups = loaded({
    params: () => ({}),
    load: (_, signal) => this.#api.call('listGroups', { query: { limit: 1000 }, signal }),
  });
  readonly settings = loaded({
    params: () => ({}),
    load: (_, signal) => this.#api.call('getSettings', { signal }),
  });
  readonly draft = signal<Draft | undefined>(undefined);
  readonly before = signal<Draft | undefined>(undefined);
  readonly tried = signal(false);
  readonly busy = signal(false);
  /** Somebody else changed the group since the form was opened. */
  readonly stale = signal(false);
  /** What the server said of fields. */
  readonly refused = signal<Readonly<Record<string, string>>>({});

  readonly wrong = computed<Readonly<Record<string, string>>>(() => {
    const draft = this.draft();
    if (draft === undefined || !this.tried()) return {};
    const unreadable = unreadableRules(draft).map((field) => [field, this.i18n.t('wrong.json')]);
    if (unreadable.length > 0) return Object.fromEntries(unreadable);
    const found = check(newGroupSchema, bodyOf(draft)).map(({ field, kind, min, max }) => [
      field,
      this.i18n.t(`wrong.${kind}`, { min: min ?? 0, max: max ?? 0 }),
    ]);
    return { ...this.refused(), ...byRule(this.refused()), ...Object.fromEntries(found) };
  });
  readonly changed = computed(() => {
    const [before, draft] = [this.before(), this.draft()];
    return JSON.stringify(before) !== JSON.stringify(draft);
  });
  readonly candidates = computed(() => {
    const draft = this.draft();
    return (this.groups.value()?.items ?? []).filter(
      (each) => each.type === 'standard' && each.channel === draft?.channel,
    );
  });

  constructor() {
    effect(() => {
      const channels = this.channels.value()?.items;
      const group = this.group.value();
      untracked(() => {
        const [before, draft] = [this.before(), this.draft()];
        if (before !== undefined && draft !== undefined) {
          if (group === undefined || !this.stale()) return;
          this.draft.set(rebased(before, draft, draftOf(group)));
          this.before.set(draftOf(group));
          return;
        }
        if (this.name() === undefined) {
          if (channels !== undefined) this.#begin(emptyDraft(channels[0]));
        } else if (group !== undefined) this.#begin(draftOf(group));
      });
    });
  }

  #begin(draft: Draft): void {
    this.draft.set(draft);
    this.before.set(draft);
  }

  change(part: Partial<Draft>): void {
    this.draft.update((draft) => (draft === undefined ? draft : { ...draft, ...part }));
    this.refused.set({});
  }

  /** A provider brings its address and its test model, unless a person wrote others. */
  chooseChannel(name: string): void {
    const channels = this.channels.value()?.items ?? [];
    const [next, draft] = [channels.find((each) => each.name === name), this.draft()];
    if (next === undefined || draft === undefined) return;
    const untouched =
      draft.upstreams.length === 1 &&
      channels.some(({ base_url }) => base_url === draft.upstreams[0]?.url);
    this.change({
      channel: next.name,
      ...(untouched ? { upstreams: [{ url: next.base_url, weight: 1 }] } : {}),
      ...(channels.some(({ test_model }) => test_model === draft.test_model)
        ? { test_model: next.test_model }
        : {}),
      members: [],
    });
  }

  changeRow<K extends 'upstreams' | 'members'>(
    list: K,
    at: number,
    part: Partial<Draft[K][number]>,
  ): void {
    const rows = (this.draft()?.[list] ?? []).map((row, index) =>
      index === at ? { ...row, ...part } : row,
    );
    this.change({ [list]: rows });
  }

  addRow(list: 'upstreams' | 'members'): void {
    const row = list === 'upstreams' ? { url: '' } : { group: this.candidates()[0]?.name ?? '' };
    this.change({ [list]: [...(this.draft()?.[list] ?? []), { ...row, weight: 1 }] });
  }

  dropRow(list: 'upstreams' | 'members', at: number): void {
    this.change({ [list]: (this.draft()?.[list] ?? []).filter((_, index) => index !== at) });
  }

  changeRule(field: (typeof ruleFields)[number], text: string): void {
    const draft = this.draft();
    if (draft !== undefined) this.change({ rules: { ...draft.rules, [field]: text } });
  }

  /** Whether something is wrong in fields of this beginning: a section that is closed opens then. */
  wrongIn(fields: string | readonly string[]): boolean {
    const begins = [fields].flat();
    return Object.keys(this.wrong()).some((each) => begins.some((begin) => each.startsWith(begin)));
  }

  async save(): Promise<void> {
    const [draft, before] = [this.draft(), this.before()];
    this.tried.set(true);
    if (draft === undefined || before === undefined || this.busy()) return;
    if (Object.keys(this.wrong()).length > 0) return;
    this.busy.set(true);
    try {
      const name = this.name();
      const revision = this.group.value()?.revision;
      const saved =
        name === undefined
          ? await this.#api.call('createGroup', { body: bodyOf(draft) })
          : await this.#api.call('changeGroup', {
              path: { name },
              body: patchOf(before, draft) as GroupPatch,
              ...(revision === undefined ? {} : { ifMatch: revision }),
            });
      this.stale.set(false);
      this.#toasts.done(this.i18n.t('groups.saved'));
      await this.#router.navigate(['/groups', 'name' in saved ? saved.name : draft.name]);
    } catch (error) {
      this.#refuse(error);
    } finally {
      this.busy.set(false);
    }
  }

  #refuse(error: unknown): void {
    if (error instanceof ApiProblem && error.status === 409) return this.#meetOthers(error);
    const said = Object.entries(refusedFields(error));
    this.refused.set(
      Object.fromEntries(said.map(([field, text]) => [field, refusalText(this.i18n, text)])),
    );
    this.#toasts.failed(error);
  }

  /** The name is another group's, or somebody else changed this one: then the changes go on top of the newest. */
  #meetOthers(error: ApiProblem): void {
    const name = this.name();
    if (name === undefined) {
      this.refused.set({ name: refusalText(this.i18n, error.message) });
      return;
    }
    this.stale.set(true);
    this.group.reload();
  }
}
