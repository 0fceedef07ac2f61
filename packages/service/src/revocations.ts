import { type ConfigChange, ConfigChangeSchema, type CallTable } from '@keymux/contracts';
import { Type } from 'typebox';
import { Compile } from 'typebox/compile';
import type { AdminAuth } from './admin-auth.ts';
import type { Service } from './lifecycle.ts';
import type { Logger } from './logger.ts';

type Followed = Promise<{ stop(): Promise<void> }>;
const isChange = Compile(ConfigChangeSchema);
const isReply = Compile(
  Type.Object({
    sessions: Type.Array(Type.Object({ id: Type.String(), until_ms: Type.Number() })),
  }),
);
const retryMs = 1_000;
/** Config may start with this service, or after it. */
const silentTries = 10;

/** Where it is heard which sessions were ended. */
export interface RevocationDeps {
  readonly bus: {
    follow(
      stream: 'CONFIG',
      handler: (message: { data: unknown }) => void,
      missed: () => void,
    ): Followed;
  };
  readonly calls: { call(name: keyof CallTable, request: unknown): Promise<unknown> };
  readonly auth: Pick<AdminAuth, 'revoke'>;
  readonly log: Logger;
}

/** Ends sessions here that were ended at another service, also those that were while nobody listened here. */
export function createRevocations({ bus, calls, auth, log }: RevocationDeps): Service {
  let following: Followed | undefined;
  let retry: NodeJS.Timeout | undefined;
  let stopped = false;
  let failures = 0;

  async function recall(): Promise<void> {
    try {
      const reply = await calls.call('config.ended-sessions', {});
      if (!isReply.Check(reply)) throw new Error('the list of ended sessions is unreadable');
      for (const { id, until_ms } of reply.sessions) auth.revoke(id, until_ms);
      failures = 0;
    } catch (error) {
      if (stopped) return;
      failures += 1;
      if (failures === silentTries) {
        const why = error instanceof Error ? error.message : String(error);
        log.warn({ why }, 'not known yet which sessions ended; trying until it is');
      }
      clearTimeout(retry);
      retry = setTimeout(() => void recall(), retryMs);
    }
  }

  return {
    name: 'ended sessions',
    async start() {
      following = bus.follow(
        'CONFIG',
        ({ data }) => {
          if (!isChange.Check(data)) return;
          const change: ConfigChange = data;
          if (change.kind === 'session-revoked') auth.revoke(change.session, change.until_ms);
        },
        () => void recall(),
      );
      await following;
      void recall();
    },
    async stop() {
      stopped = true;
      clearTimeout(retry);
      await (await following)?.stop();
    },
  };
}
