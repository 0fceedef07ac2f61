import { ChangeDetectionStrategy, Component, inject, input } from '@angular/core';
import { RouterLink } from '@angular/router';
import { Icon } from '../design/icon.ts';
import { I18n } from '../i18n/i18n.ts';
import type { Concern } from './concerns.ts';

const hostOf = (url: string): string => URL.parse(url)?.host ?? url;

/** The groups that need a person, with what is wrong. */
@Component({
  selector: 'km-attention',
  imports: [RouterLink, Icon],
  template: `
    <ul>
      @for (concern of concerns(); track concern.kind + concern.group + $index) {
        <li>
          <i class="dot" [class]="tone(concern)" aria-hidden="true"></i>
          <span class="grow">
            <a [routerLink]="['/groups', concern.group]">{{ concern.group }}</a>
            {{ text(concern) }}
          </span>
        </li>
      } @empty {
        <li class="calm">
          <km-icon name="check" />
          <span>
            <strong>{{ i18n.t('overview.calm') }}</strong>
            <span class="soft">{{ i18n.t('overview.calmText') }}</span>
          </span>
        </li>
      }
    </ul>
  `,
  styles: `
    ul {
      max-height: 272px;
      overflow: auto;
    }
    li {
      display: flex;
      align-items: baseline;
      gap: 10px;
      padding: 10px 16px;
      border-bottom: 1px solid var(--line);
    }
    li:last-child {
      border-bottom: 0;
    }
    a {
      font-weight: 500;
    }
    .calm {
      align-items: center;
    }
    .calm km-icon {
      color: var(--good);
    }
    .calm span {
      display: flex;
      flex-direction: column;
    }
  `,
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class Attention {
  readonly i18n = inject(I18n);
  readonly concerns = input.required<readonly Concern[]>();

  tone({ kind }: Concern): string {
    return kind === 'few-usable' || kind === 'no-keys' || kind === 'no-upstream' ? 'warn' : 'bad';
  }

  text(concern: Concern): string {
    const { t } = this.i18n;
    switch (concern.kind) {
      case 'few-usable':
        return t('concern.few-usable', { usable: concern.usable, of: concern.of });
      case 'many-errors':
        return t('concern.many-errors', { share: this.i18n.percent(concern.share) });
      case 'guard':
        return t('concern.guard', { upstream: hostOf(concern.upstream), n: concern.n });
      case 'failing-upstream':
        return t('concern.failing-upstream', {
          upstream: hostOf(concern.upstream),
          share: this.i18n.percent(concern.share),
        });
      case 'no-keys':
      case 'none-usable':
      case 'no-upstream':
        return t(`concern.${concern.kind}`);
      default:
        return concern satisfies never;
    }
  }
}
