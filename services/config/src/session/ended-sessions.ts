import type { Audit } from '@keymux/audit';
import { type AdminAuth, type Clock, sessionOfActor } from '@keymux/service';

const pageEntries = 500;

/** Ends sessions again that were ended before this process started: the audit says who signed out. */
export async function recallEndedSessions(deps: {
  readonly audit: Pick<Audit, 'page'>;
  readonly auth: Pick<AdminAuth, 'revoke' | 'sessionTtlMs'>;
  readonly clock: Clock;
}): Promise<void> {
  const { audit, auth, clock } = deps;
  const sinceMs = clock.now() - auth.sessionTtlMs;
  let before: number | null = null;
  do {
    const page: Awaited<ReturnType<Audit['page']>> = await audit.page(before, pageEntries);
    for (const { type, actor, time } of page.items) {
      const endedMs = Date.parse(time);
      if (endedMs < sinceMs) return;
      const session = type === 'LoggedOut' ? sessionOfActor(actor) : undefined;
      if (session !== undefined) auth.revoke(session, endedMs + auth.sessionTtlMs);
    }
    before = page.next;
  } while (before !== null);
}
