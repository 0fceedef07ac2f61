import { ChangeDetectionStrategy, Component, computed, inject, input } from '@angular/core';
import { RouterLink } from '@angular/router';
import { TimeAgo } from '../design/time-ago.ts';
import { I18n } from '../i18n/i18n.ts';
import { whyText } from '../keys/why-text.ts';
import type { Run } from './runs.ts';

/** So many keys of a run are named. */
const named = 50;

/** What was decided on a key, or on many alike: which, why, and the requests that led to it. */
@Component({
  selector: 'km-verdict-run',
  imports: [RouterLink, TimeAgo],
  template: `
    <p>
      @if (onlyKey(); as it) {
        <a
          class="mono"
          [routerLink]="['/groups', it.group, 'keys']"
          [queryParams]="{ key: it.key_id }"
          >{{ it.masked }}</a>&ngsp;
      }
      <strong>{{ text() }}</strong>
    </p>
    <p class="small soft why">
      <span [title]="why()">{{ why() }}</span>&ngsp;
      @if (one()?.request_id; as request) {
        <a class="nowrap" [routerLink]="['/logs', request]">{{ i18n.t('verdicts.request') }}</a>
      }
    </p>
    @if (one() === null) {
      <details>
        <summary>{{ summary() }}</summary>
        <ul>
          @for (each of shown(); track each.id) {
            <li class="small">
              <a
                class="mono grow clip"
                [routerLink]="['/groups', each.group, 'keys']"
                [queryParams]="{ key: each.key_id }"
                [title]="whyText(i18n, each.why)"
                >{{ each.masked }}</a
              >
              @if (each.request_id; as request) {
                <a [routerLink]="['/logs', request]">{{ i18n.t('verdicts.request') }}</a>
              }
              <km-time class="faint" [at]="each.time" />
            </li>
          }
        </ul>
        @if (run().verdicts.length > shown().length) {
          <p class="small faint">
            {{ i18n.t('undo.more', { n: run().verdicts.length - shown().length }) }}
          </p>
        }
      </details>
    }
  `,
  styles: `
    :host {
      display: block;
      overflow-wrap: anywhere;
    }
    strong {
      font-weight: 500;
    }
    :host(.dense) .why {
      display: flex;
      gap: 8px;
    }
    :host(.dense) .why span {
      overflow: hidden;
      text-overflow: ellipsis;
      white-space: nowrap;
    }
    details {
      margin-top: 4px;
    }
    summary {
      width: fit-content;
      color: var(--accent);
      font-size: 12.5px;
      cursor: pointer;
    }
    ul {
      display: flex;
      flex-direction: column;
      gap: 6px;
      max-height: 260px;
      margin-top: 8px;
      padding: 10px 12px;
      border-radius: var(--radius-small);
      background: var(--sunken);
      overflow: auto;
    }
    li {
      display: flex;
      align-items: baseline;
      gap: 12px;
    }
  `,
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class VerdictRun {
  readonly i18n = inject(I18n);
  readonly whyText = whyText;
  readonly run = input.required<Run>();
  /** The verdict, when it is only one. */
  readonly one = computed(() => (this.run().verdicts.length === 1 ? this.run().newest : null));
  /** Of the one key that all are of. */
  readonly onlyKey = computed(() => (this.run().keys === 1 ? this.run().newest : null));
  readonly why = computed(() => whyText(this.i18n, this.run().newest.why));
  readonly shown = computed(() => this.run().verdicts.slice(0, named));

  text(): string {
    const { newest, keys } = this.run();
    const { kind, group } = newest;
    return this.i18n.t(`verdict.${kind}`, { group, n: keys });
  }

  summary(): string {
    const { verdicts, keys } = this.run();
    return verdicts.length === keys
      ? this.i18n.t('verdicts.each', { n: keys })
      : this.i18n.t('verdicts.count', { n: verdicts.length });
  }
}
