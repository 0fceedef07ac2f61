import { computed, inject, Injectable, signal } from '@angular/core';
import { check } from '../api/check.ts';
import { type Group, newGroupSchema } from '../api/generated.ts';
import { refusedFields } from '../api/problem.ts';
import { refusalText } from '../api/refusal.ts';
import { I18n } from '../i18n/i18n.ts';
import {
  bodyOf,
  byRule,
  type Draft,
  draftOf,
  rebased,
  type RuleField,
  unreadableRules,
} from './draft.ts';

type Rows = 'upstreams' | 'members';

/** A group as a person writes it, and what is wrong with it. */
@Injectable()
export class GroupDraft {
  readonly #i18n = inject(I18n);
  readonly #now = signal<Draft | undefined>(undefined);
  readonly #before = signal<Draft | undefined>(undefined);
  /** What the server said of fields. */
  readonly #refused = signal<Readonly<Record<string, string>>>({});
  readonly #tried = signal(false);

  readonly now = this.#now.asReadonly();
  readonly before = this.#before.asReadonly();
  readonly changed = computed(() => JSON.stringify(this.#before()) !== JSON.stringify(this.#now()));
  /** A sentence for each field, by its name with dots all the way; nothing before somebody tried to save. */
  readonly wrong = computed<Readonly<Record<string, string>>>(() => {
    const draft = this.#now();
    if (draft === undefined || !this.#tried()) return {};
    const unreadable = unreadableRules(draft).map((field) => [field, this.#i18n.t('wrong.json')]);
    if (unreadable.length > 0) return Object.fromEntries(unreadable);
    const found = check(newGroupSchema, bodyOf(draft)).map(({ field, kind, min, max }) => [
      field,
      this.#i18n.t(`wrong.${kind}`, { min: min ?? 0, max: max ?? 0 }),
    ]);
    return { ...this.#refused(), ...byRule(this.#refused()), ...Object.fromEntries(found) };
  });

  begin(draft: Draft): void {
    this.#now.set(draft);
    this.#before.set(draft);
  }

  /** Puts what was changed here on top of what somebody else made of the group meanwhile. */
  rebase(newest: Group): void {
    const [before, now] = [this.#before(), this.#now()];
    if (before === undefined || now === undefined) return;
    this.#now.set(rebased(before, now, draftOf(newest)));
    this.#before.set(draftOf(newest));
  }

  change(part: Partial<Draft>): void {
    this.#now.update((draft) => (draft === undefined ? draft : { ...draft, ...part }));
    this.#refused.set({});
  }

  changeRow<K extends Rows>(list: K, at: number, part: Partial<Draft[K][number]>): void {
    const rows = (this.#now()?.[list] ?? []).map((row, index) =>
      index === at ? { ...row, ...part } : row,
    );
    this.change({ [list]: rows });
  }

  addRow<K extends Rows>(list: K, row: Draft[K][number]): void {
    this.change({ [list]: [...(this.#now()?.[list] ?? []), row] });
  }

  dropRow(list: Rows, at: number): void {
    this.change({ [list]: (this.#now()?.[list] ?? []).filter((_, index) => index !== at) });
  }

  changeRule(field: RuleField, text: string): void {
    const draft = this.#now();
    if (draft !== undefined) this.change({ rules: { ...draft.rules, [field]: text } });
  }

  /** Whether something is wrong in fields of this beginning: a section that is closed opens then. */
  wrongIn(fields: string | readonly string[]): boolean {
    const begins = [fields].flat();
    return Object.keys(this.wrong()).some((each) => begins.some((begin) => each.startsWith(begin)));
  }

  /** Whether it may be sent; says what is wrong from now on. */
  tried(): boolean {
    this.#tried.set(true);
    return Object.keys(this.wrong()).length === 0;
  }

  /** Shows what the server said at its fields. */
  refuse(error: unknown): void {
    const said = Object.entries(refusedFields(error));
    this.refuseAt(
      Object.fromEntries(said.map(([field, text]) => [field, refusalText(this.#i18n, text)])),
    );
  }

  refuseAt(fields: Readonly<Record<string, string>>): void {
    this.#refused.set(fields);
  }
}
