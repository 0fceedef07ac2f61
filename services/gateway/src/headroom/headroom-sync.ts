import type { Bus, Message, Subscription } from '@keymux/bus';
import {
  type Allowed,
  type Headroom as SaidHeadroom,
  type KeyHeadroom,
  KeyHeadroomSchema,
  messageTypes,
  subjects,
} from '@keymux/contracts';
import { type Clock, type Logger, newId } from '@keymux/service';
import { Compile } from 'typebox/compile';
import type { LiveConfig } from '../live-config/live-config.ts';
import type { Gauge } from './gauges.ts';
import type { Headroom } from './headroom.ts';
import { resetMs } from './nearly-dry.ts';
import type { Bucket } from './reading.ts';

const tellMs = 1_000;
/** Most gauges that are told at a time; the others wait. */
const toldAtOnce = 200;

const isHeadroom = Compile(KeyHeadroomSchema);

export interface HeadroomSyncDeps {
  readonly headroom: Headroom;
  readonly live: LiveConfig;
  readonly bus: Bus;
  readonly clock: Clock;
  readonly log: Logger;
  readonly source: string;
}

/** Tells everyone what remains of keys, at a bounded rate, and hears it from other gateways. */
export class HeadroomSync {
  readonly #deps: HeadroomSyncDeps;
  #subscription: Subscription | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(deps: HeadroomSyncDeps) {
    this.#deps = deps;
  }

  async start(): Promise<void> {
    const { bus } = this.#deps;
    this.#subscription = await bus.follow('KEY_HEADROOM', (message) => this.#hear(message));
    this.#timer = setInterval(() => this.#tell(), tellMs);
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#subscription?.stop();
  }

  #tell(): void {
    const byGroup = new Map<string, Gauge[]>();
    for (const gauge of this.#deps.headroom.takeChanged(toldAtOnce)) {
      const ofGroup = byGroup.get(gauge.group);
      if (ofGroup === undefined) byGroup.set(gauge.group, [gauge]);
      else ofGroup.push(gauge);
    }
    for (const [group, gauges] of byGroup) {
      this.#publish({ group, keys: gauges.map((each) => said(each)) });
    }
  }

  #publish(data: KeyHeadroom): void {
    const { bus, clock, log, source } = this.#deps;
    const message: Message = {
      id: newId(),
      type: messageTypes.keyHeadroom,
      version: 1,
      time: new Date(clock.now()).toISOString(),
      source,
      subject: subjects.keyHeadroom(data.group),
      data,
    };
    bus.publish('KEY_HEADROOM', message).catch((error: unknown) => {
      // It is told anew when the keys are used again.
      log.debug({ err: error, group: data.group }, 'the headroom of keys was not told');
    });
  }

  #hear({ data, source }: Message): void {
    if (source === this.#deps.source || !isHeadroom.Check(data)) return;
    const group = this.#deps.live.snapshot.groups.get(data.group);
    if (group?.type !== 'standard' || !group.settings.headroom) return;
    for (const each of data.keys) {
      const key = group.pool.get(each.key_id);
      const atMs = Date.parse(each.at);
      if (key === undefined || Number.isNaN(atMs)) continue;
      const { requests, tokens } = each;
      this.#deps.headroom.heard({ key, group }, each.model, { atMs, requests, tokens });
    }
  }
}

function said({ key, model, reading }: Gauge): SaidHeadroom & { key_id: string } {
  const { atMs, requests, tokens } = reading;
  const at = new Date(atMs).toISOString();
  const allowed = (bucket: Bucket | null): Allowed | null => bucket && inWords(bucket, atMs);
  return { key_id: key.id, model, at, requests: allowed(requests), tokens: allowed(tokens) };
}

function inWords(bucket: Bucket, atMs: number): Allowed {
  const { remaining, limit, reset } = bucket;
  if (reset === null) return { remaining, limit, reset };
  const untilMs = resetMs(bucket, atMs);
  // A date beyond what a Date can hold is no date.
  const known = Math.abs(untilMs) <= 8.64e15;
  return { remaining, limit, reset: known ? new Date(untilMs).toISOString() : null };
}
