import { ChangeDetectionStrategy, Component, computed, inject, input } from '@angular/core';
import { Field } from '../design/field.ts';
import { Icon } from '../design/icon.ts';
import { I18n } from '../i18n/i18n.ts';
import type { Draft } from './draft.ts';
import { GroupDraft } from './group-draft.ts';
import { knownGroups } from './known-groups.ts';

/** Where a group's requests go: its upstreams, or the members of an aggregate; each with its weight. */
@Component({
  selector: 'km-place-rows',
  imports: [Field, Icon],
  template: `
    <section class="card">
      <div class="card-head">
        <h2 class="grow">
          {{ i18n.t(list() === 'upstreams' ? 'groups.upstreams' : 'groups.membersTitle') }}
        </h2>
        <button type="button" class="button small" (click)="add()">
          <km-icon class="dense" name="plus" />{{ i18n.t('groups.addRow') }}
        </button>
      </div>
      <div class="card-body rows">
        @for (row of draft()[list()]; track $index) {
          @let at = list() + '.' + $index;
          <!-- Here: within the loop over the choices $index is theirs. -->
          @let member = draft().members[$index]?.group;
          <div class="pair">
            @if (list() === 'upstreams') {
              <km-field [label]="i18n.t('field.url')" [wrong]="form.wrong()[at + '.url']">
                <input
                  #url
                  class="input mono"
                  type="url"
                  name="upstream"
                  [value]="draft().upstreams[$index]?.url ?? ''"
                  [attr.aria-invalid]="form.wrong()[at + '.url'] !== undefined"
                  (input)="form.changeRow('upstreams', $index, { url: url.value })"
                />
              </km-field>
            } @else {
              <km-field [label]="i18n.t('group')" [wrong]="form.wrong()[at + '.group']">
                <select
                  #chosen
                  class="input"
                  (change)="form.changeRow('members', $index, { group: chosen.value })"
                >
                  @for (each of candidates(); track each.name) {
                    <option [value]="each.name" [selected]="each.name === member">
                      {{ each.name }}
                    </option>
                  }
                </select>
              </km-field>
            }
            <km-field [label]="i18n.t('field.weight')" [wrong]="form.wrong()[at + '.weight']">
              <input
                #weight
                class="input"
                type="number"
                min="0"
                [value]="row.weight"
                (input)="form.changeRow(list(), $index, { weight: weight.valueAsNumber })"
              />
            </km-field>
            <button
              type="button"
              class="button quiet icon"
              [attr.aria-label]="i18n.t('groups.dropRow')"
              (click)="form.dropRow(list(), $index)"
            >
              <km-icon name="trash" />
            </button>
          </div>
        }
        @if (form.wrong()['upstreams'] ?? form.wrong()['members']; as text) {
          <span class="wrong" role="alert">{{ text }}</span>
        }
      </div>
    </section>
  `,
  styles: `
    .rows {
      display: flex;
      flex-direction: column;
      gap: 12px;
    }
    .pair {
      display: grid;
      grid-template-columns: minmax(0, 1fr) 88px 32px;
      gap: 10px;
      align-items: start;
    }
    .pair button {
      margin-top: 22px;
    }
  `,
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class PlaceRows {
  readonly i18n = inject(I18n);
  readonly form = inject(GroupDraft);
  readonly draft = input.required<Draft>();
  readonly #groups = knownGroups();
  readonly list = computed(() => (this.draft().type === 'standard' ? 'upstreams' : 'members'));
  readonly candidates = computed(() =>
    (this.#groups.value()?.items ?? []).filter(
      (each) => each.type === 'standard' && each.channel === this.draft().channel,
    ),
  );

  add(): void {
    if (this.list() === 'upstreams') this.form.addRow('upstreams', { url: '', weight: 1 });
    else this.form.addRow('members', { group: this.candidates()[0]?.name ?? '', weight: 1 });
  }
}
