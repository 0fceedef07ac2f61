import type { VerdictKind } from '@keymux/contracts';
import type { StoredEvent } from '@keymux/event-store';

/** An event that is a verdict, with the key that it is on. */
export interface ListedVerdict {
  readonly group: string;
  readonly keyId: string;
  readonly masked: string;
  readonly event: Pick<StoredEvent, 'id' | 'position' | 'type' | 'time' | 'data'>;
}

/** What policies decided on keys, newest first: kept apart from other events, so that it need not be sought. */
export interface Verdicts {
  page(request: {
    readonly group?: string;
    readonly kind?: VerdictKind;
    /** Only those from before this position; null from the newest on. */
    readonly before: number | null;
    readonly limit: number;
  }): Promise<readonly ListedVerdict[]>;
}
