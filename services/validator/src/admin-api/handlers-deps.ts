import type { Calls } from '@keymux/bus';
import type { Vault } from '@keymux/vault';
import type { ModelLister } from '../list-models.ts';
import type { LiveConfig } from '../live-config/live-config.ts';
import type { Prober } from '../probe.ts';

/** Parts of the handlers. */
export interface HandlersDeps {
  readonly calls: Calls;
  readonly config: LiveConfig;
  readonly vault: Vault;
  readonly prober: Prober;
  readonly listModels: ModelLister;
  /** Ends running tests. */
  readonly stopping: AbortSignal;
  /** Told of each test's result. */
  readonly counted: (says: 'works' | 'refused' | 'none') => void;
}
