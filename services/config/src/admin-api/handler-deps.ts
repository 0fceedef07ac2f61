import type { Audit } from '@keymux/audit';
import type { Calls } from '@keymux/bus';
import type { configOperations } from '@keymux/contracts';
import type { Throttle } from '@keymux/coordination';
import type { AdminAuth, Handlers, Logger } from '@keymux/service';
import type { Broadcast } from '../broadcast.ts';
import type { ConfigLog } from '../revision/config-log.ts';
import type { ViewDeps } from './group-view.ts';

/** Some of the config service's answers to the admin API. */
export type ConfigHandlers<Name extends keyof typeof configOperations> = Pick<
  Handlers<typeof configOperations>,
  Name
>;

/** Parts that the answers are made with. */
export interface HandlerDeps extends ViewDeps {
  readonly configLog: ConfigLog;
  readonly audit: Audit;
  readonly broadcast: Broadcast;
  readonly calls: Calls;
  readonly auth: AdminAuth;
  readonly loginThrottle: Throttle;
  readonly log: Logger;
  readonly forbidPrivate: boolean;
}
