import { ChangeDetectionStrategy, Component, inject, input, signal } from '@angular/core';
import { Clipboard } from '@angular/cdk/clipboard';
import { LiveAnnouncer } from '@angular/cdk/a11y';
import { I18n } from '../i18n/i18n.ts';
import { Icon, type IconName } from './icon.ts';

/** Copies a text and says so. */
@Component({
  selector: 'km-copy',
  imports: [Icon],
  template: `<button
    type="button"
    class="button quiet icon small"
    [attr.aria-label]="i18n.t('copy') + ' ' + label()"
    [title]="i18n.t('copy') + ' ' + label()"
    (click)="copy()"
  >
    <km-icon class="dense" [name]="copied() ? 'check' : icon()" />
  </button>`,
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class CopyButton {
  readonly i18n = inject(I18n);
  readonly #clipboard = inject(Clipboard);
  readonly #announcer = inject(LiveAnnouncer);
  readonly text = input.required<string>();
  readonly label = input('');
  readonly icon = input<IconName>('copy');
  readonly copied = signal(false);

  copy(): void {
    if (!this.#clipboard.copy(this.text())) return;
    this.copied.set(true);
    void this.#announcer.announce(this.i18n.t('copied'));
    setTimeout(() => this.copied.set(false), 1_500);
  }
}
