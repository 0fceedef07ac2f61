import { type ConfigChange, ConfigChangeSchema } from '@keymux/contracts';
import { Compile } from 'typebox/compile';
import type { AdminAuth } from './admin-auth.ts';
import type { Service } from './lifecycle.ts';

type Followed = Promise<{ stop(): Promise<void> }>;
const isChange = Compile(ConfigChangeSchema);

/** Ends sessions here that were ended at another service. */
export function createRevocations(
  bus: { follow(stream: 'CONFIG', handler: (message: { data: unknown }) => void): Followed },
  auth: Pick<AdminAuth, 'revoke'>,
): Service {
  let following: Followed | undefined;
  return {
    name: 'ended sessions',
    async start() {
      following = bus.follow('CONFIG', ({ data }) => {
        if (!isChange.Check(data)) return;
        const change: ConfigChange = data;
        if (change.kind === 'session-revoked') auth.revoke(change.session, change.until_ms);
      });
      await following;
    },
    async stop() {
      await (await following)?.stop();
    },
  };
}
