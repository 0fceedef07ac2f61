import {
  ChangeDetectionStrategy,
  Component,
  computed,
  inject,
  input,
  output,
  signal,
} from '@angular/core';
import { CopyButton } from '../design/copy-button.ts';
import { Icon } from '../design/icon.ts';
import { I18n } from '../i18n/i18n.ts';
import { keysOf, maskSecret } from './settings-draft.ts';

const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

/** The keys that clients present, masked until one is asked for. */
@Component({
  selector: 'km-proxy-keys',
  imports: [CopyButton, Icon],
  template: `
    <ul [attr.aria-label]="i18n.t('settings.proxyKeys')">
      @for (key of keys(); track key) {
        <li>
          <code class="grow">{{ shown().has(key) ? key : mask(key) }}</code>
          <button
            type="button"
            class="button quiet icon small"
            [attr.aria-label]="i18n.t('settings.reveal', { key: mask(key) })"
            [attr.aria-pressed]="shown().has(key)"
            (click)="toggle(key)"
          >
            <km-icon class="dense" name="eye" />
          </button>
          <km-copy [text]="key" [label]="mask(key)" />
          <button
            type="button"
            class="button quiet icon small"
            [attr.aria-label]="i18n.t('settings.removeKey', { key: mask(key) })"
            (click)="remove(key)"
          >
            <km-icon class="dense" name="trash" />
          </button>
        </li>
      } @empty {
        <li class="soft">{{ i18n.t('settings.noProxyKeys') }}</li>
      }
    </ul>
    <div class="row">
      <input
        #fresh
        class="input mono grow"
        autocomplete="off"
        spellcheck="false"
        maxlength="500"
        [attr.aria-label]="i18n.t('settings.newKey')"
        [attr.aria-invalid]="wrong()"
        [placeholder]="i18n.t('settings.newKey')"
        [value]="typed()"
        (input)="typed.set(fresh.value)"
        (keydown.enter)="$event.preventDefault(); add()"
      />
      <button type="button" class="button" (click)="generate()">
        {{ i18n.t('settings.generate') }}
      </button>
      <button type="button" class="button" [disabled]="typed() === '' || wrong()" (click)="add()">
        <km-icon class="dense" name="plus" />{{ i18n.t('settings.addKey') }}
      </button>
    </div>
    @if (wrong()) {
      <p class="wrong" role="alert">{{ i18n.t('settings.keyWrong') }}</p>
    }
  `,
  styles: `
    :host {
      display: flex;
      flex-direction: column;
      gap: 8px;
    }
    ul {
      border: 1px solid var(--line);
      border-radius: var(--radius-small);
    }
    li {
      display: flex;
      align-items: center;
      gap: 2px;
      min-height: 36px;
      padding: 4px 6px 4px 12px;
      border-bottom: 1px solid var(--line);
    }
    li:last-child {
      border-bottom: 0;
    }
    code {
      overflow-wrap: anywhere;
    }
    .row .input {
      min-width: 160px;
    }
  `,
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class ProxyKeys {
  readonly i18n = inject(I18n);
  /** A comma list. */
  readonly list = input.required<string>();
  readonly changed = output<string>();
  readonly typed = signal('');
  readonly shown = signal<ReadonlySet<string>>(new Set());
  readonly mask = maskSecret;

  readonly keys = computed(() => keysOf(this.list()));
  readonly wrong = computed(() => {
    const key = this.typed().trim();
    return key !== '' && (!/^[\x21-\x2b\x2d-\x7e]{8,500}$/.test(key) || this.keys().includes(key));
  });

  toggle(key: string): void {
    this.shown.update((shown) => {
      const next = new Set(shown);
      if (!next.delete(key)) next.add(key);
      return next;
    });
  }

  remove(key: string): void {
    this.changed.emit(
      this.keys()
        .filter((each) => each !== key)
        .join(','),
    );
  }

  add(): void {
    const key = this.typed().trim();
    if (key === '' || this.wrong()) return;
    this.changed.emit([...this.keys(), key].join(','));
    this.typed.set('');
  }

  generate(): void {
    const bytes = crypto.getRandomValues(new Uint8Array(32));
    const tail = Array.from(bytes, (byte) => letters.charAt(byte & 63)).join('');
    this.typed.set(`sk-keymux-${tail}`);
  }
}
