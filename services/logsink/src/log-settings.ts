import type { Bus, Calls, Subscription } from '@keymux/bus';
import { ConfigChangeSchema, settings, SystemSettingsSchema } from '@keymux/contracts';
import type { Logger } from '@keymux/service';
import { Type } from 'typebox';
import { Compile } from 'typebox/compile';

const isChange = Compile(ConfigChangeSchema);
const isSnapshot = Compile(Type.Object({ settings: SystemSettingsSchema }));
const retryMs = 1_000;

/** The settings that the logsink goes by, kept up to date. */
export class LogSettings {
  readonly #deps: { bus: Bus; calls: Calls; log: Logger; changed: () => void };
  #values: Readonly<Record<string, unknown>> = Object.fromEntries(
    settings.map((setting) => [setting.name, setting.default]),
  );
  #subscription: Subscription | undefined;
  #retry: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(deps: { bus: Bus; calls: Calls; log: Logger; changed: () => void }) {
    this.#deps = deps;
  }

  get retentionDays(): number {
    return Number(this.#values['request_log_retention_days']);
  }

  get writeIntervalMs(): number {
    return Number(this.#values['request_log_write_interval_minutes']) * 60_000;
  }

  async start(): Promise<void> {
    this.#subscription = await this.#deps.bus.follow(
      'CONFIG',
      ({ data }) => {
        if (isChange.Check(data) && data.kind === 'settings') this.#take(data.settings.values);
      },
      () => void this.#load(),
    );
    void this.#load();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#retry);
    await this.#subscription?.stop();
  }

  #take(values: Readonly<Record<string, unknown>>): void {
    this.#values = { ...this.#values, ...values };
    this.#deps.changed();
  }

  async #load(): Promise<void> {
    try {
      const reply = await this.#deps.calls.call('config.snapshot', {});
      if (!isSnapshot.Check(reply)) throw new Error('the config snapshot is unreadable');
      this.#take(reply.settings.values);
    } catch (error) {
      if (this.#stopped) return;
      this.#deps.log.warn({ err: error }, 'no config snapshot yet; trying again');
      this.#retry = setTimeout(() => void this.#load(), retryMs);
    }
  }
}
