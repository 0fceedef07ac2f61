import { ChangeDetectionStrategy, Component, inject, signal } from '@angular/core';
import { Api } from '../api/api.ts';
import { routes } from '../api/generated.ts';
import { Confirm } from '../design/confirm.ts';
import { Icon } from '../design/icon.ts';
import { Toasts } from '../design/toasts.ts';
import { I18n } from '../i18n/i18n.ts';
import { TaskList } from '../tasks/task-list.ts';
import { SettingsHead } from './settings-head.ts';
import { UnreadMessages } from './unread-messages.ts';

/** What one does to Keymux itself, seldom: look at what was set aside, make state anew, read the API. */
@Component({
  selector: 'km-maintenance-page',
  imports: [Icon, SettingsHead, UnreadMessages],
  template: `<div class="page">
    <km-settings-head />
    <km-unread-messages />
    <section class="card">
      <div class="card-head">
        <h2>{{ i18n.t('rebuild.title') }}</h2>
      </div>
      <div class="card-body act">
        <p class="soft grow">{{ i18n.t('rebuild.text') }}</p>
        <button type="button" class="button" [disabled]="busy()" (click)="rebuild()">
          <km-icon class="dense" name="refresh" />{{ i18n.t('rebuild.action') }}
        </button>
      </div>
    </section>
    <section class="card">
      <div class="card-head">
        <h2>{{ i18n.t('api.title') }}</h2>
      </div>
      <div class="card-body act">
        <p class="soft grow">{{ i18n.t('api.text') }}</p>
        <a class="button" [href]="document" target="_blank" rel="noopener">
          {{ i18n.t('api.open') }}
        </a>
      </div>
    </section>
  </div>`,
  styles: `
    .act {
      display: flex;
      flex-wrap: wrap;
      align-items: center;
      gap: 12px 24px;
    }
    .act > .grow {
      flex-basis: 18rem;
      max-width: 46rem;
    }
    .act > .button {
      margin-inline-start: auto;
    }
  `,
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class MaintenancePage {
  readonly i18n = inject(I18n);
  readonly #api = inject(Api);
  readonly #confirm = inject(Confirm);
  readonly #tasks = inject(TaskList);
  readonly #toasts = inject(Toasts);
  readonly busy = signal(false);
  readonly document = routes.openApi.path;

  async rebuild(): Promise<void> {
    const { t } = this.i18n;
    const agreed = await this.#confirm.ask({
      title: t('rebuild.confirm'),
      text: t('rebuild.confirmText'),
      action: t('rebuild.action'),
    });
    if (!agreed) return;
    this.busy.set(true);
    try {
      this.#tasks.started(await this.#api.call('rebuild'));
    } catch (error) {
      this.#toasts.failed(error);
    } finally {
      this.busy.set(false);
    }
  }
}
