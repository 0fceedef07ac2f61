import { unlinkSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger, Service } from '@keymux/service';
import type { PreviousKey } from '../../../services/standalone/src/secrets.ts';
import type { Child } from './child.ts';

const lookMs = 500;

/**
 * Removes the file with the encryption key before the one of today, when every service that encrypts anew says that
 * it needs it no more. The services know that key from their environment: only who made the file can remove it.
 */
export function createPreviousKeyEnd(options: {
  readonly secrets: { readonly previousKey: PreviousKey | null };
  readonly children: readonly Child[];
  readonly log: Pick<Logger, 'info' | 'warn'>;
}): Service {
  const { secrets, children, log } = options;
  const stopping = new AbortController();
  let watching: Promise<void> = Promise.resolve();

  async function watch(file: string): Promise<void> {
    const sealing = children.filter(({ name }) => /^(config|keymanager)-/.test(name));
    for (;;) {
      const needs = await Promise.all(sealing.map(needsPreviousKey));
      if (needs.every((needed) => !needed)) break;
      await sleep(lookMs, undefined, { ref: false, signal: stopping.signal });
    }
    unlinkSync(file);
    log.info('everything is encrypted anew: the previous encryption key is gone');
  }

  return {
    name: 'previous encryption key',
    start() {
      const file = secrets.previousKey?.file;
      if (typeof file === 'string') {
        watching = watch(file).catch((error: unknown) => {
          if (stopping.signal.aborted) return;
          log.warn({ err: error }, 'the previous encryption key could not be removed');
        });
      }
      return Promise.resolve();
    },
    async stop() {
      stopping.abort();
      await watching;
    },
  };
}

/** What the service says of itself; one that does not answer may need it. */
async function needsPreviousKey({ metricsUrl }: Child): Promise<boolean> {
  const text = await fetch(metricsUrl).then(
    (reply) => reply.text(),
    () => '',
  );
  return !/^keymux_previous_encryption_key_needed(?:\{[^}]*\})? 0$/m.test(text);
}
