import { ChangeDetectionStrategy, Component, computed, inject } from '@angular/core';
import { Empty } from '../design/empty.ts';
import { LoadState } from '../design/load-state.ts';
import { TimeAgo } from '../design/time-ago.ts';
import { I18n } from '../i18n/i18n.ts';
import { knownUnread } from './known-unread.ts';

const shown = 100;

/** Messages that no service could read, with what is missing for it. */
@Component({
  selector: 'km-unread-messages',
  imports: [Empty, LoadState, TimeAgo],
  template: `<section class="card">
    <div class="card-head">
      <h2 class="grow">{{ i18n.t('unread.title') }}</h2>
      @if (count() > 0) {
        <span class="small soft">{{ i18n.t('unread.n', { n: count() }) }}</span>
      }
    </div>
    <km-load-state [of]="unread" />
    @if (unread.value(); as page) {
      @if (page.items.length === 0) {
        <km-empty icon="check" [title]="i18n.t('unread.none')" [text]="i18n.t('unread.noneText')" />
      } @else {
        <p class="card-body soft">{{ i18n.t('unread.text') }}</p>
        <ul>
          @for (each of page.items; track each.id) {
            <li>
              <div class="grow">
                <strong>{{ missing(each.stream) }}</strong>
                <p class="small soft">{{ each.reason }}</p>
                <p class="small faint mono">{{ each.subject }}</p>
              </div>
              <km-time class="small faint" [at]="each.time" />
            </li>
          }
        </ul>
      }
    }
  </section>`,
  styles: `
    li {
      display: flex;
      align-items: baseline;
      gap: 12px;
      padding: 10px 16px;
      border-top: 1px solid var(--line);
    }
    strong {
      font-weight: 500;
    }
    p {
      overflow-wrap: anywhere;
    }
  `,
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class UnreadMessages {
  readonly i18n = inject(I18n);
  readonly unread = knownUnread(shown);
  readonly count = computed(() => this.unread.value()?.total ?? 0);

  missing(stream: string): string {
    const name = `unread.of.${stream}`;
    return this.i18n.has(name) ? this.i18n.t(name) : stream;
  }
}
