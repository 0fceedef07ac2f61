import { ChangeDetectionStrategy, Component, computed, inject, signal } from '@angular/core';
import { MAT_DIALOG_DATA, MatDialogRef } from '@angular/material/dialog';
import { RouterLink } from '@angular/router';
import { actorText } from '../activity/deed-text.ts';
import { Api } from '../api/api.ts';
import type { Key } from '../api/generated.ts';
import { Live } from '../api/live.ts';
import { loaded } from '../api/loaded.ts';
import { WallClock } from '../design/clock.ts';
import { Confirm } from '../design/confirm.ts';
import { CopyButton } from '../design/copy-button.ts';
import { Field } from '../design/field.ts';
import { Icon } from '../design/icon.ts';
import { LoadState } from '../design/load-state.ts';
import { TimeAgo } from '../design/time-ago.ts';
import { Toasts } from '../design/toasts.ts';
import { I18n } from '../i18n/i18n.ts';
import { knownSettings, rowsWaitMinutes } from '../settings/known-settings.ts';
import { causeOf, eventTone } from './event-text.ts';
import { attemptOf } from './key-attempt.ts';
import { KeyHeadroom } from './key-headroom.ts';
import { KeyPast } from './key-past.ts';
import { restText } from './rest-text.ts';
import { statusNames, statusTones } from './key-status.ts';
import { requestIn, whyText } from './why-text.ts';

const refreshMs = 5_000;
const eventsShown = 100;
const mostEvents = 1_000;

/** One key: its state, why, what happened to it, and what one can do. */
@Component({
  selector: 'km-key-drawer',
  imports: [CopyButton, Field, Icon, KeyHeadroom, KeyPast, LoadState, RouterLink, TimeAgo],
  templateUrl: './key-drawer.html',
  styleUrl: './key-drawer.css',
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class KeyDrawer {
  readonly i18n = inject(I18n);
  readonly #api = inject(Api);
  readonly #live = inject(Live);
  readonly #confirm = inject(Confirm);
  readonly #toasts = inject(Toasts);
  readonly ref = inject<MatDialogRef<KeyDrawer>>(MatDialogRef);
  readonly id = inject<string>(MAT_DIALOG_DATA);
  readonly tones = statusTones;
  readonly statusNames = statusNames;
  readonly eventTone = eventTone;
  readonly causeOf = causeOf;
  readonly actorText = actorText;
  readonly attemptOf = attemptOf;
  readonly whyText = whyText;
  readonly requestIn = requestIn;
  readonly secret = signal<string | null>(null);
  readonly checked = signal<{ ok: boolean; text: string } | null>(null);
  readonly busy = signal(false);

  readonly key = loaded({
    params: () => this.id,
    load: (id, signal) => this.#api.call('getKey', { path: { id }, signal }),
    hints: [this.#live.keys],
    // Counts and what remains at the provider change without an event.
    everyMs: refreshMs,
    keep: true,
  });
  readonly #limit = signal(eventsShown);
  readonly history = loaded({
    params: () => ({ id: this.id, limit: this.#limit() }),
    load: ({ id, limit }, signal) =>
      this.#api.call('keyHistory', { path: { id }, query: { limit }, signal }),
    hints: [this.#live.keys],
    keep: true,
  });
  readonly logs = loaded({
    params: () => this.id,
    load: (key, signal) => this.#api.call('listLogs', { query: { key, limit: 8 }, signal }),
    hints: [this.#live.keys],
    keep: true,
  });

  readonly #settings = knownSettings();
  readonly waitMinutes = computed(() => rowsWaitMinutes(this.#settings.value()?.items));

  readonly mayHaveMore = computed(
    () => (this.history.value()?.next_cursor ?? null) !== null && this.#limit() < mostEvents,
  );
  readonly #clock = inject(WallClock);

  restText(rest: Key['cooldowns'][number]): string {
    return restText(this.i18n, rest, this.#clock.nowMs());
  }

  showMore(): void {
    this.#limit.update((limit) => Math.min(mostEvents, limit * 3));
  }

  /** The rest is what the services of Keymux noticed, which each event says itself. */
  isPerson(actor: string): boolean {
    return actor === 'key' || actor.startsWith('session:');
  }

  eventName(type: string): string {
    const name = `event.${type}`;
    return this.i18n.has(name) ? this.i18n.t(name) : type;
  }

  async reveal(): Promise<void> {
    await this.#try(async () => {
      const { secret } = await this.#api.call('revealKey', { path: { id: this.id } });
      this.secret.set(secret);
    });
  }

  async validate(apply: boolean): Promise<void> {
    await this.#try(async () => {
      const { ok, status, message } = await this.#api.call('validateKey', {
        path: { id: this.id },
        query: { apply },
      });
      this.checked.set({ ok, text: [status, message].filter((each) => each !== null).join(' · ') });
      this.key.reload();
      this.history.reload();
    });
  }

  async change(body: { note?: string; enabled?: boolean }): Promise<void> {
    await this.#try(async () => {
      const key: Key = await this.#api.call('changeKey', { path: { id: this.id }, body });
      this.key.set(key);
      this.history.reload();
    });
  }

  async remove(masked: string): Promise<void> {
    const yes = await this.#confirm.ask({
      title: this.i18n.t('key.delete', { key: masked }),
      text: this.i18n.t('keys.deleteText'),
      action: this.i18n.t('delete'),
      dangerous: true,
    });
    if (!yes) return;
    await this.#try(async () => {
      await this.#api.call('deleteKey', { path: { id: this.id } });
      this.ref.close();
    });
  }

  async #try(work: () => Promise<void>): Promise<void> {
    this.busy.set(true);
    try {
      await work();
    } catch (error) {
      this.#toasts.failed(error);
    } finally {
      this.busy.set(false);
    }
  }
}
