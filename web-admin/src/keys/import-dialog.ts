import { ChangeDetectionStrategy, Component, computed, inject, signal } from '@angular/core';
import { MAT_DIALOG_DATA, MatDialogRef } from '@angular/material/dialog';
import { Api, type Answer } from '../api/api.ts';
import { isSignedOut, ServerAway } from '../api/problem.ts';
import { I18n } from '../i18n/i18n.ts';
import { refusalText } from '../api/refusal.ts';
import { TaskList } from '../tasks/task-list.ts';

type Preview = Extract<Answer<'importKeys'>, { added: number }>;

/** Brings keys into a group: pasted, chosen or dropped; looked at first. */
@Component({
  selector: 'km-import-dialog',
  template: `
    <div
      class="dialog"
      (dragover)="$event.preventDefault(); over.set(true)"
      (dragleave)="over.set(false)"
      (drop)="dropped($event)"
    >
      <header>
        <h2 id="import-title">{{ i18n.t('import.title', { name: group }) }}</h2>
      </header>
      <div class="dialog-body">
        <label class="field">
          <span class="label">{{ i18n.t('import.keys') }}</span>
          <textarea
            #box
            class="input mono"
            rows="9"
            spellcheck="false"
            [class.over]="over()"
            [placeholder]="i18n.t('import.placeholder')"
            [value]="text()"
            [disabled]="file() !== null"
            (input)="text.set(box.value); preview.set(null)"
          ></textarea>
        </label>
        <div class="row">
          <label class="button small">
            <input #picker class="sr-only" type="file" (change)="picked(picker)" />
            {{ i18n.t('import.file') }}
          </label>
          @if (file(); as chosen) {
            <span class="soft">{{ chosen.name }} · {{ i18n.bytes(chosen.size) }}</span>
            <button type="button" class="link" (click)="file.set(null)">
              {{ i18n.t('cancel') }}
            </button>
          }
        </div>
        @if (preview(); as it) {
          <div class="notice" role="status">
            <div>
              <strong>{{ i18n.t('import.preview', { n: it.added }) }}</strong>
              <div class="small">
                {{ i18n.t('taskResult.duplicates', { n: it.duplicates }) }} ·
                {{ i18n.t('taskResult.invalid', { n: it.invalid }) }}
              </div>
              @for (wrong of it.invalid_lines.slice(0, 8); track wrong.line) {
                <div class="small wrong">
                  {{ i18n.t('import.line', { line: wrong.line, reason: refusal(wrong.reason) }) }}
                </div>
              }
            </div>
          </div>
        }
        @if (busy()) {
          <p class="soft" role="status">{{ i18n.t('import.sending') }}</p>
        }
        @if (problem(); as said) {
          <p class="wrong" role="alert">{{ said }}</p>
        }
      </div>
      <footer>
        <button type="button" class="button" (click)="ref.close()">{{ i18n.t('cancel') }}</button>
        <button
          type="button"
          class="button"
          [disabled]="content() === null || busy()"
          (click)="send(true)"
        >
          {{ i18n.t('import.look') }}
        </button>
        <button
          type="button"
          class="button primary"
          [disabled]="content() === null || busy()"
          (click)="send(false)"
        >
          {{ i18n.t('keys.import') }}
        </button>
      </footer>
    </div>
  `,
  styles: `
    .over {
      outline: 2px dashed var(--accent);
    }
  `,
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class ImportDialog {
  readonly i18n = inject(I18n);
  readonly #api = inject(Api);
  readonly #tasks = inject(TaskList);
  readonly ref = inject<MatDialogRef<ImportDialog>>(MatDialogRef);
  readonly group = inject<string>(MAT_DIALOG_DATA);
  readonly text = signal('');
  readonly file = signal<File | null>(null);
  readonly over = signal(false);
  readonly busy = signal(false);
  readonly preview = signal<Preview | null>(null);
  readonly problem = signal<string | null>(null);
  readonly content = computed(
    () => this.file() ?? (this.text().trim() === '' ? null : this.text()),
  );

  refusal(said: string): string {
    return refusalText(this.i18n, said);
  }

  picked({ files }: HTMLInputElement): void {
    this.#take(files?.[0]);
  }

  dropped(event: DragEvent): void {
    event.preventDefault();
    this.over.set(false);
    this.#take(event.dataTransfer?.files[0]);
  }

  #take(file: File | undefined): void {
    this.file.set(file ?? null);
    this.preview.set(null);
  }

  async send(dryRun: boolean): Promise<void> {
    const content = this.content();
    if (content === null) return;
    this.busy.set(true);
    this.problem.set(null);
    try {
      const answer = await this.#api.call('importKeys', {
        path: { name: this.group },
        query: dryRun ? { dry_run: true } : {},
        body: content,
      });
      if ('added' in answer) {
        this.preview.set(answer);
        return;
      }
      this.#tasks.started(answer);
      this.ref.close();
    } catch (error) {
      if (isSignedOut(error)) return;
      const said = error instanceof Error ? error.message : String(error);
      const away = error instanceof ServerAway;
      this.problem.set(away ? this.i18n.t('error.away') : refusalText(this.i18n, said));
    } finally {
      this.busy.set(false);
    }
  }
}
