import { unlinkSync } from 'node:fs';
import type { Logger, Service } from '@keymux/service';
import type { PreviousKey } from './secrets.ts';

/**
 * While there is a previous encryption key, seals anew what it sealed; requests go on meanwhile, and a
 * stop in the middle is made up for at the next start. In the end nothing needs the previous key.
 */
export function createReencryption(deps: {
  readonly previous: PreviousKey | null;
  /** Each resolves when nothing of its service is sealed by the previous key any more. */
  readonly reseals: readonly (() => Promise<'done' | 'failed'>)[];
  readonly log: Logger;
}): Service {
  const { previous, reseals, log } = deps;
  let stopped = false;

  async function run(since: PreviousKey): Promise<void> {
    log.info('encrypting everything under the new encryption key');
    for (const reseal of reseals) {
      if ((await reseal()) === 'done') continue;
      log.warn('not everything could be encrypted anew; the next start tries again');
      return;
    }
    if (stopped) return;
    if (since.file === null) {
      log.info('everything is encrypted anew: ENCRYPTION_KEY_PREVIOUS is needed no more');
    } else {
      unlinkSync(since.file);
      log.info('everything is encrypted anew: the previous encryption key is gone');
    }
  }

  return {
    name: 're-encryption',
    start() {
      if (previous !== null) {
        run(previous).catch((error: unknown) => {
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
