import { ChangeDetectionStrategy, Component, inject, input, output, signal } from '@angular/core';
import { type Answer, Api } from '../api/api.ts';
import { refusedFields } from '../api/problem.ts';
import { refusalText } from '../api/refusal.ts';
import { Field } from '../design/field.ts';
import { Icon } from '../design/icon.ts';
import { Toasts } from '../design/toasts.ts';
import { I18n } from '../i18n/i18n.ts';
import { bodyOf, type Draft, unreadableRules } from './draft.ts';
import { TestResults } from './test-results.ts';

/** Asks the upstreams of a group that is not saved yet: whether they answer, and which models there are. */
@Component({
  selector: 'km-connection-test',
  imports: [Field, Icon, TestResults],
  template: `
    <div class="ask">
      <km-field
        class="grow"
        [label]="i18n.t('connection.key')"
        [hint]="i18n.t(saved() === undefined ? 'connection.keyNew' : 'connection.keySaved')"
        [wrong]="wrong()"
      >
        <input
          #box
          class="input mono"
          type="password"
          name="test-key"
          autocomplete="off"
          [value]="key()"
          (input)="key.set(box.value.trim())"
          (keydown.enter)="$event.preventDefault(); test()"
        />
      </km-field>
      <button type="button" class="button" [disabled]="blocked()" (click)="test()">
        <km-icon class="dense" name="play" />
        {{ i18n.t(busy() ? 'groups.testing' : 'groups.test') }}
      </button>
    </div>
    @if (answer(); as it) {
      <km-test-results [results]="it.results" />
      <p class="small soft" role="status">
        {{
          it.models === null
            ? i18n.t('connection.noModels')
            : i18n.t('connection.models', { n: it.models.length })
        }}
      </p>
    }
  `,
  styles: `
    :host {
      display: flex;
      flex-direction: column;
      border: 1px solid var(--line);
      border-radius: var(--radius-small);
    }
    .ask {
      display: flex;
      flex-wrap: wrap;
      gap: 10px;
      align-items: start;
      padding: 12px 16px;
    }
    .grow {
      flex: 1 1 220px;
    }
    button {
      margin-top: 22px;
    }
    @media (max-width: 560px) {
      button {
        margin-top: 0;
      }
    }
    p {
      padding: 8px 16px 12px;
      border-top: 1px solid var(--line);
    }
  `,
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class ConnectionTest {
  readonly i18n = inject(I18n);
  readonly #api = inject(Api);
  readonly #toasts = inject(Toasts);
  readonly draft = input.required<Draft>();
  /** The group's name when there is one already: its keys can be used. */
  readonly saved = input<string>();
  readonly models = output<readonly string[]>();
  readonly key = signal('');
  readonly busy = signal(false);
  readonly wrong = signal<string | undefined>(undefined);
  readonly answer = signal<Answer<'testUpstreams'> | undefined>(undefined);

  blocked(): boolean {
    return this.busy() || (this.key() === '' && this.saved() === undefined);
  }

  async test(): Promise<void> {
    if (this.blocked()) return;
    const [draft, group, key] = [this.draft(), this.saved(), this.key()];
    if (unreadableRules(draft).length > 0) return this.wrong.set(this.i18n.t('wrong.json'));
    const body = bodyOf(draft);
    this.busy.set(true);
    this.wrong.set(undefined);
    this.answer.set(undefined);
    try {
      const answer = await this.#api.call('testUpstreams', {
        body: {
          channel: body.channel,
          upstreams: body.upstreams ?? [],
          test_model: body.test_model ?? '',
          validation_endpoint: body.validation_endpoint ?? '',
          param_overrides: body.param_overrides ?? {},
          header_rules: body.header_rules ?? [],
          model_redirect_rules: body.model_redirect_rules ?? {},
          ...(group === undefined ? {} : { group }),
          ...(key === '' ? {} : { key }),
        },
      });
      this.answer.set(answer);
      this.models.emit(answer.models ?? []);
    } catch (error) {
      const [said] = Object.entries(refusedFields(error));
      if (said === undefined) this.#toasts.failed(error);
      else this.wrong.set(`${said[0]}: ${refusalText(this.i18n, said[1])}`);
    } finally {
      this.busy.set(false);
    }
  }
}
