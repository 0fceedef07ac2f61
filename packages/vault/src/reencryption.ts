import type { Logger, Service } from '@keymux/service';
import type { Vault } from './vault.ts';

/** Seals anew what the previous encryption key sealed. */
export interface Reencryption extends Service {
  /** True while something of the process may still need the previous key. */
  readonly pending: boolean;
}

/**
 * Where there is a previous encryption key, seals anew what it sealed; requests go on meanwhile, and a
 * stop in the middle is made up for at the next start.
 */
export function createReencryption(deps: {
  readonly vault: Pick<Vault, 'hasPrevious'>;
  /** Each resolves when nothing of its service is sealed by the previous key any more. */
  readonly reseals: readonly (() => Promise<'done' | 'failed'>)[];
  /** Told when all of them are done. */
  readonly done: () => void;
  readonly log: Logger;
}): Reencryption {
  const { vault, reseals, done, log } = deps;
  let stopped = false;
  let pending = vault.hasPrevious;

  async function run(): Promise<void> {
    log.info('encrypting everything under the new encryption key');
    for (const reseal of reseals) {
      if ((await reseal()) === 'done') continue;
      log.warn('not everything could be encrypted anew; the next start tries again');
      return;
    }
    if (stopped) return;
    pending = false;
    done();
  }

  return {
    name: 're-encryption',
    get pending() {
      return pending;
    },
    start() {
      if (vault.hasPrevious) {
        run().catch((error: unknown) => {
          log.error({ err: error }, 'not everything was encrypted anew');
        });
      }
      return Promise.resolve();
    },
    stop() {
      stopped = true;
      return Promise.resolve();
    },
  };
}
