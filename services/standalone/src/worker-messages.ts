import type { Environment } from '@keymux/service';

/** What a gateway worker is told before it starts. */
export interface WorkerBoot {
  readonly environment: Environment;
  readonly encryptionKey: string;
  readonly previousEncryptionKey: string | null;
  readonly source: string;
  readonly instance: string;
  readonly spoolDirectory: string;
  readonly orphanedSpools: readonly string[];
  readonly adminTarget: string;
  readonly version: string;
  readonly consoleFolder: string;
}

/** What the parent says to a worker. */
export type ToWorker =
  | { readonly kind: 'boot'; readonly boot: WorkerBoot }
  | { readonly kind: 'stop' }
  | { readonly kind: 'metrics'; readonly id: number };

/** What a worker says to its parent. */
export type ToParent =
  | { readonly kind: 'ready'; readonly port: number }
  | { readonly kind: 'failed'; readonly message: string }
  | { readonly kind: 'metrics'; readonly id: number; readonly metrics: object[] };

/** Messages travel under a name of their own, beside those of the bus. Both ends are this program. */
export function readMessage<T extends ToWorker | ToParent>(value: unknown): T | null {
  if (typeof value !== 'object' || value === null || !('keymux_worker' in value)) return null;
  return value.keymux_worker as T;
}
