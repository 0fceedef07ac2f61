import type { Bus, Calls } from '@keymux/bus';
import { settings, type SystemSettings } from '@keymux/contracts';
import { ConfigFollower } from '@keymux/live-config';
import type { Logger } from '@keymux/service';

export interface LogSettingsDeps {
  readonly bus: Bus;
  readonly calls: Calls;
  readonly log: Logger;
  /** Told after each change. */
  readonly changed: () => void;
}

/** The settings that the logsink goes by, kept up to date; their defaults until there is a config. */
export class LogSettings {
  readonly #follower: ConfigFollower;
  readonly #changed: () => void;
  #values: Readonly<Record<string, unknown>> = Object.fromEntries(
    settings.map((setting) => [setting.name, setting.default]),
  );

  constructor({ changed, ...deps }: LogSettingsDeps) {
    this.#changed = changed;
    this.#follower = new ConfigFollower({
      ...deps,
      load: (snapshot) => this.#take(snapshot.settings),
      apply: (change) => {
        if (change.kind === 'settings') this.#take(change.settings);
      },
    });
  }

  get retentionDays(): number {
    return Number(this.#values['request_log_retention_days']);
  }

  get writeIntervalMs(): number {
    return Number(this.#values['request_log_write_interval_minutes']) * 60_000;
  }

  /** Rows are taken without a config, too: the first one is not waited for. */
  start(): Promise<void> {
    return this.#follower.start();
  }

  stop(): Promise<void> {
    return this.#follower.stop();
  }

  #take({ values }: SystemSettings): void {
    this.#values = { ...this.#values, ...values };
    this.#changed();
  }
}
