import type { Bus, Subscription } from '@keymux/bus';
import { type Headroom, KeyHeadroomSchema } from '@keymux/contracts';
import type { Clock } from '@keymux/service';
import { Compile } from 'typebox/compile';

const isHeadroom = Compile(KeyHeadroomSchema);
/** Keys of which something is remembered; those that were told of last. */
const maxKeys = 50_000;
const maxModels = 16;
/** What was told longer ago says nothing any more. */
const keptMs = 3_600_000;

/** What gateways told of the headroom of keys; kept in memory, for it is soon out of date. */
export interface HeadroomBoard {
  /** By model, the newest first. */
  of(keyId: string): Headroom[];
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** Makes an empty board. */
export function createHeadroomBoard({ bus, clock }: { bus: Bus; clock: Clock }): HeadroomBoard {
  const keys = new Map<string, Map<string, Headroom>>();
  let subscription: Subscription | undefined;

  function take(keyId: string, told: Headroom): void {
    const models = keys.get(keyId) ?? new Map<string, Headroom>();
    const known = models.get(told.model);
    // Several gateways tell of one key.
    if (known !== undefined && Date.parse(known.at) > Date.parse(told.at)) return;
    putLast(models, told.model, told, maxModels);
    putLast(keys, keyId, models, maxKeys);
  }

  return {
    of(keyId) {
      const sinceMs = clock.now() - keptMs;
      return [...(keys.get(keyId)?.values() ?? [])]
        .filter(({ at }) => Date.parse(at) > sinceMs)
        .toReversed();
    },
    async start() {
      subscription = await bus.follow('KEY_HEADROOM', ({ data }) => {
        if (!isHeadroom.Check(data)) return;
        for (const { key_id, ...told } of data.keys) take(key_id, told);
      });
    },
    async stop() {
      await subscription?.stop();
    },
  };
}

/** Puts an entry at the end of a map, whose oldest one makes room. */
function putLast<V>(map: Map<string, V>, name: string, value: V, most: number): void {
  map.delete(name);
  map.set(name, value);
  if (map.size <= most) return;
  const [oldest] = map.keys();
  if (oldest !== undefined) map.delete(oldest);
}
