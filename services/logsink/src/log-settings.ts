import { aboutFailure, type Bus, type Calls, type Subscription } from '@keymux/bus';
import { ConfigChangeSchema, settings, SystemSettingsSchema } from '@keymux/contracts';
import type { Logger } from '@keymux/service';
import { Type } from 'typebox';
import { Compile } from 'typebox/compile';

const isChange = Compile(ConfigChangeSchema);
const isSnapshot = Compile(
  Type.Object({ revision: Type.Integer(), settings: SystemSettingsSchema }),
);
const retryMs = 1_000;

/** The settings that the logsink goes by, kept up to date. */
export class LogSettings {
  readonly #deps: { bus: Bus; calls: Calls; log: Logger; changed: () => void };
  #values: Readonly<Record<string, unknown>> = Object.fromEntries(
    settings.map((setting) => [setting.name, setting.default]),
  );
  #subscription: Subscription | undefined;
  #retry: NodeJS.Timeout | undefined;
  #revision = -1;
  #stopped = false;
  /** That there is no snapshot, of which one line is enough. */
  #told = false;

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
        if (!isChange.Check(data) || data.kind !== 'settings') return;
        this.#take(data.revision, data.settings.values);
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

  // A snapshot may have been on its way while a newer change came.
  #take(revision: number, values: Readonly<Record<string, unknown>>): void {
    if (revision < this.#revision) return;
    this.#revision = revision;
    this.#values = { ...this.#values, ...values };
    this.#deps.changed();
  }

  async #load(): Promise<void> {
    try {
      const reply = await this.#deps.calls.call('config.snapshot', {});
      if (!isSnapshot.Check(reply)) throw new Error('the config snapshot is unreadable');
      this.#take(reply.revision, reply.settings.values);
      this.#told = false;
    } catch (error) {
      if (this.#stopped) return;
      if (!this.#told) {
        this.#deps.log.warn(
          aboutFailure(error),
          'no config snapshot yet; trying until there is one',
        );
        this.#told = true;
      }
      clearTimeout(this.#retry);
      this.#retry = setTimeout(() => void this.#load(), retryMs);
    }
  }
}
