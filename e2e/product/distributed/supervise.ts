import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '@keymux/service';
import type { Child } from './child.ts';

const pauseMs = 1_000;

/** What starts services again that ended by themselves. */
export interface Supervision {
  /** From now on they may end. */
  stop(): void;
}

/** Starts each child again that ends by itself, as what runs services elsewhere does. */
export function supervise(
  children: readonly Child[],
  { log }: { readonly log: Pick<Logger, 'warn'> },
): Supervision {
  let stopped = false;

  async function watch(child: Child): Promise<void> {
    for (;;) {
      const code = await child.ended;
      if (stopped) return;
      log.warn(`${child.name} ended with ${code}: starting it again`);
      await sleep(pauseMs, undefined, { ref: false });
      if (stopped) return;
      child.restart();
    }
  }

  for (const child of children) void watch(child);
  return {
    stop() {
      stopped = true;
    },
  };
}
