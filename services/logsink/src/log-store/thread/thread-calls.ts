import type { LogSearch, OpenLogStore, SumQuery } from '../log-store.ts';

/** What the thread that keeps the logs is told at its start. */
export interface ThreadBoot {
  readonly directory: string;
}

/** One call of the store; what it is of, and with what. */
export type StoreCall =
  | { readonly kind: 'open' }
  | { readonly kind: 'write'; readonly text: string }
  | { readonly kind: 'find'; readonly search: LogSearch }
  | { readonly kind: 'get'; readonly requestId: string }
  | { readonly kind: 'sums'; readonly query: SumQuery }
  | { readonly kind: 'dropBefore'; readonly timeMs: number }
  | { readonly kind: 'sizeBytes' }
  | { readonly kind: 'close' };

/** What the thread is sent. */
export interface NumberedCall {
  readonly id: number;
  readonly call: StoreCall;
}

/** What it answers: the value as JSON, which costs less to hand over than objects; or what went wrong. */
export type ThreadAnswer =
  { readonly id: number; readonly json: string } | { readonly id: number; readonly error: string };

/** Makes a call of a store. */
export async function callStore(store: OpenLogStore, call: StoreCall): Promise<unknown> {
  switch (call.kind) {
    case 'open':
      return store.open();
    case 'write':
      return store.write(call.text);
    case 'find':
      return store.find(call.search);
    case 'get':
      return store.get(call.requestId);
    case 'sums':
      return store.sums(call.query);
    case 'dropBefore':
      return store.dropBefore(call.timeMs);
    case 'sizeBytes':
      return store.sizeBytes();
    case 'close':
      return store.close();
    default:
      return call satisfies never;
  }
}
