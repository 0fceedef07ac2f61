import { ChangeDetectionStrategy, Component, computed, inject, input, signal } from '@angular/core';
import type { Group } from '../api/generated.ts';
import { CopyButton } from '../design/copy-button.ts';
import { I18n } from '../i18n/i18n.ts';
import { snippetsFor } from './snippets.ts';

/** Code to copy: it works as it is. */
@Component({
  selector: 'km-snippets',
  imports: [CopyButton],
  template: `<section class="card">
    <div class="card-head">
      <h2 class="grow">{{ i18n.t('groups.connect') }}</h2>
      <div class="segments" role="group" [attr.aria-label]="i18n.t('groups.connect')">
        @for (each of snippets(); track each.name) {
          <button
            type="button"
            [attr.aria-pressed]="each === shown()"
            (click)="chosen.set(each.name)"
          >
            {{ each.name }}
          </button>
        }
      </div>
      <km-copy [text]="shown()?.code ?? ''" [label]="shown()?.name ?? ''" />
    </div>
    <pre>{{ shown()?.code }}</pre>
    @if (proxyKey() === '') {
      <p class="small wrong">{{ i18n.t('groups.noProxyKey') }}</p>
    }
  </section>`,
  styles: `
    pre {
      padding: 16px;
    }
    p {
      padding: 0 16px 12px;
    }
  `,
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class Snippets {
  readonly i18n = inject(I18n);
  readonly group = input.required<Group>();
  /** Empty when there is none; null while nobody knows. */
  readonly proxyKey = input.required<string | null>();
  readonly chosen = signal('curl');
  readonly snippets = computed(() => snippetsFor(this.group(), this.proxyKey() || '<proxy key>'));
  readonly shown = computed(() => {
    const all = this.snippets();
    return all.find(({ name }) => name === this.chosen()) ?? all[0];
  });
}
