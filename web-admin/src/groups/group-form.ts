import {
  afterNextRender,
  ChangeDetectionStrategy,
  Component,
  effect,
  ElementRef,
  inject,
  Injector,
  input,
  signal,
  untracked,
} from '@angular/core';
import { Router, RouterLink } from '@angular/router';
import { Api } from '../api/api.ts';
import type { Group, GroupPatch } from '../api/generated.ts';
import { loaded } from '../api/loaded.ts';
import { ApiProblem } from '../api/problem.ts';
import { refusalText } from '../api/refusal.ts';
import { Field } from '../design/field.ts';
import { Icon } from '../design/icon.ts';
import { LoadState } from '../design/load-state.ts';
import { Toasts } from '../design/toasts.ts';
import { I18n } from '../i18n/i18n.ts';
import { knownSettings } from '../settings/known-settings.ts';
import { ConnectionTest } from './connection-test.ts';
import { bodyOf, draftOf, emptyDraft, patchOf, ruleFields } from './draft.ts';
import { GroupDraft } from './group-draft.ts';
import { PlaceRows } from './place-rows.ts';
import { Trail } from './trail.ts';
import { SettingOverrides } from './setting-overrides.ts';

/** Makes a group or changes one. */
@Component({
  selector: 'km-group-form',
  imports: [RouterLink, ConnectionTest, Field, Icon, LoadState, PlaceRows, SettingOverrides, Trail],
  providers: [GroupDraft],
  templateUrl: './group-form.html',
  styleUrl: './group-form.css',
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class GroupForm {
  readonly i18n = inject(I18n);
  readonly draft = inject(GroupDraft);
  readonly #api = inject(Api);
  readonly #router = inject(Router);
  readonly #toasts = inject(Toasts);
  readonly #injector = inject(Injector);
  readonly #host = inject<ElementRef<HTMLElement>>(ElementRef);
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
  readonly settings = knownSettings();
  readonly busy = signal(false);
  /** The revision that the form stands on; a newer one may be loaded at any time. */
  #base: number | undefined;
  /** Somebody else changed the group since something was typed here. */
  readonly stale = signal(false);
  /** What the provider's own list names. */
  readonly models = signal<readonly string[]>([]);

  constructor() {
    effect(() => {
      const channels = this.channels.value()?.items;
      const group = this.group.value();
      untracked(() => {
        if (this.draft.now() !== undefined) {
          if (group !== undefined && group.revision !== this.#base) this.#stand(group);
        } else if (this.name() === undefined) {
          if (channels !== undefined) this.draft.begin(emptyDraft(channels[0]));
        } else if (group !== undefined) {
          this.#base = group.revision;
          this.draft.begin(draftOf(group));
        }
      });
    });
  }

  /** Puts what was typed on top of the newest, and says so. */
  #stand(newest: Group): void {
    this.#base = newest.revision;
    this.stale.set(this.draft.changed());
    this.draft.rebase(newest);
  }

  /** A provider brings its address and its test model, unless a person wrote others. */
  chooseChannel(name: string): void {
    const channels = this.channels.value()?.items ?? [];
    const [next, draft] = [channels.find((each) => each.name === name), this.draft.now()];
    if (next === undefined || draft === undefined) return;
    const untouched =
      draft.upstreams.length === 1 &&
      channels.some(({ base_url }) => base_url === draft.upstreams[0]?.url);
    this.draft.change({
      channel: next.name,
      ...(untouched ? { upstreams: [{ url: next.base_url, weight: 1 }] } : {}),
      ...(channels.some(({ test_model }) => test_model === draft.test_model)
        ? { test_model: next.test_model }
        : {}),
      members: [],
    });
    this.models.set([]);
  }

  async save(): Promise<void> {
    const [draft, before] = [this.draft.now(), this.draft.before()];
    if (draft === undefined || before === undefined || this.busy()) return;
    if (!this.draft.tried()) return this.#goToWrong();
    this.busy.set(true);
    try {
      const name = this.name();
      const revision = this.#base;
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
    this.draft.refuse(error);
    this.#toasts.failed(error);
    this.#goToWrong();
  }

  /** What is wrong may be far from what saves, and in a section that opens only now. */
  #goToWrong(): void {
    afterNextRender(
      () => {
        const field = '.field:has(.wrong) :is(input, select, textarea)';
        this.#host.nativeElement.querySelector<HTMLElement>(field)?.focus();
      },
      { injector: this.#injector },
    );
  }

  /** The name is another group's, or somebody else changed this one: then the changes go on top of the newest. */
  #meetOthers(error: ApiProblem): void {
    if (this.name() === undefined) {
      this.draft.refuseAt({ name: refusalText(this.i18n, error.message) });
      this.#goToWrong();
      return;
    }
    this.group.reload();
  }
}
