import { ChangeDetectionStrategy, Component, computed, inject, input } from '@angular/core';
import { RouterLink } from '@angular/router';
import type { Loaded } from '../api/loaded.ts';
import { ApiProblem, isAway, ServerAway } from '../api/problem.ts';
import { I18n } from '../i18n/i18n.ts';
import { refusalText } from '../api/refusal.ts';
import { Icon, type IconName } from './icon.ts';

type Trouble = 'away' | 'forbidden' | 'notFound' | 'failed';

const icons = {
  away: 'away',
  forbidden: 'lock',
  notFound: 'search',
  failed: 'warning',
} as const satisfies Record<Trouble, IconName>;

/** Stands where data will be: while it loads, when it cannot be had, when one may not see it; and above what is old. */
@Component({
  selector: 'km-load-state',
  imports: [Icon, RouterLink],
  templateUrl: './load-state.html',
  styleUrl: './load-state.css',
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class LoadState {
  readonly i18n = inject(I18n);
  readonly of = input.required<Loaded<unknown>>();
  /** Where to go when there is no such thing, and what that is called. */
  readonly back = input<{ readonly to: string; readonly name: string }>();
  /** Why there may be no such thing, where the server cannot know. */
  readonly missing = input<string>();
  readonly widths = [62, 88, 74, 81];
  readonly icons = icons;

  readonly trouble = computed((): Trouble | null => {
    const error = this.of().error();
    if (error === undefined) return null;
    if (error instanceof ServerAway) return 'away';
    if (!(error instanceof ApiProblem)) return 'failed';
    if (error.status === 404) return 'notFound';
    if (error.status === 401 || error.status === 403) return 'forbidden';
    return isAway(error.status) ? 'away' : 'failed';
  });
  /** What is shown is old, and nobody says so elsewhere: a server that is away is told of above every page. */
  readonly isOld = computed(() => this.trouble() !== null && this.trouble() !== 'away');
  readonly detail = computed(() => {
    const error = this.of().error();
    if (this.trouble() === 'away') return this.i18n.t('error.awayText');
    if (this.trouble() === 'notFound' && this.missing()) return this.missing();
    if (this.trouble() === 'forbidden') return this.i18n.t('error.forbiddenText');
    if (error instanceof ApiProblem) return refusalText(this.i18n, error.message);
    return error instanceof Error ? error.message : '';
  });
  /** What the server's log knows the failure by. */
  readonly requestId = computed(() => {
    const error = this.of().error();
    return error instanceof ApiProblem && this.trouble() === 'failed' ? error.requestId : null;
  });
}
