import {
  ChangeDetectionStrategy,
  Component,
  computed,
  inject,
  output,
  signal,
} from '@angular/core';
import { RouterLink } from '@angular/router';
import { type Answer, Api } from '../api/api.ts';
import { ApiProblem, refusedFields } from '../api/problem.ts';
import { Confirm } from '../design/confirm.ts';
import { Field } from '../design/field.ts';
import { Icon } from '../design/icon.ts';
import { toLocalInput } from '../design/local-time.ts';
import { TimeWindow } from '../design/time-window.ts';
import { Toasts } from '../design/toasts.ts';
import { I18n } from '../i18n/i18n.ts';
import { knownGroups } from '../groups/known-groups.ts';
import { refusalText } from '../api/refusal.ts';
import { statusNames, statusTones } from '../keys/key-status.ts';
import { whyText } from '../keys/why-text.ts';
import { TaskList } from '../tasks/task-list.ts';
import { knownRules, type UndoForm, undoOf } from './undo-form.ts';

type Preview = Extract<Answer<'undoVerdicts'>, { readonly items: unknown }>;

const dayMs = 86_400_000;
const minuteMs = 60_000;
const shownKeys = 50;

/** Takes verdicts back: asks which, shows whose they are, and then does it as a task. */
@Component({
  selector: 'km-undo-verdicts',
  imports: [Field, Icon, RouterLink, TimeWindow],
  templateUrl: './undo-verdicts.html',
  styleUrl: './undo-verdicts.css',
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class UndoVerdicts {
  readonly i18n = inject(I18n);
  readonly #api = inject(Api);
  readonly #confirm = inject(Confirm);
  readonly #tasks = inject(TaskList);
  readonly #toasts = inject(Toasts);
  readonly closed = output();
  readonly started = output();
  readonly rules = knownRules;
  readonly names = statusNames;
  readonly tones = statusTones;
  readonly whyText = whyText;

  readonly form = signal<UndoForm>({
    group: '',
    rule: '',
    status: '',
    upstream: '',
    from: toLocalInput(Date.now() - dayMs),
    to: toLocalInput(Date.now() + minuteMs),
  });
  readonly groups = knownGroups();
  readonly keyed = computed(() =>
    (this.groups.value()?.items ?? []).filter(({ type }) => type === 'standard'),
  );
  readonly group = computed(() => this.form().group || (this.keyed()[0]?.name ?? ''));
  readonly upstreams = computed(
    () => this.keyed().find(({ name }) => name === this.group())?.upstreams ?? [],
  );
  readonly #asked = computed(() => undoOf(this.form()));
  readonly wrong = computed(() => {
    const asked = this.#asked();
    return asked.kind === 'wrong' ? asked.field : null;
  });
  readonly preview = signal<Preview | null>(null);
  readonly error = signal<string | null>(null);
  readonly busy = signal(false);

  change(part: Partial<UndoForm>): void {
    this.form.update((form) => ({ ...form, ...part }));
    // What was shown was for another question.
    this.preview.set(null);
    this.error.set(null);
  }

  async look(): Promise<void> {
    const answer = await this.#ask({ dry_run: true, limit: shownKeys });
    if (answer !== undefined && 'items' in answer) this.preview.set(answer);
  }

  async undo(): Promise<void> {
    const n = this.preview()?.total ?? 0;
    const agreed = await this.#confirm.ask({
      title: this.i18n.t('undo.confirm', { n }),
      text: this.i18n.t('undo.confirmText'),
      action: this.i18n.t('undo.action', { n }),
    });
    if (!agreed) return;
    const answer = await this.#ask({});
    if (answer === undefined || 'items' in answer) return;
    this.#tasks.started(answer);
    this.preview.set(null);
    this.started.emit();
  }

  async #ask(query: { dry_run?: true; limit?: number }) {
    const asked = this.#asked();
    if (asked.kind === 'wrong' || this.busy()) return undefined;
    this.busy.set(true);
    this.error.set(null);
    try {
      const path = { name: this.group() };
      return await this.#api.call('undoVerdicts', { path, query, body: asked.body });
    } catch (error) {
      if (error instanceof ApiProblem) {
        const fields = Object.entries(refusedFields(error)).map(
          ([field, said]) => `${field}: ${refusalText(this.i18n, said)}`,
        );
        this.error.set(fields.join(' · ') || refusalText(this.i18n, error.message));
      } else this.#toasts.failed(error);
      return undefined;
    } finally {
      this.busy.set(false);
    }
  }
}
