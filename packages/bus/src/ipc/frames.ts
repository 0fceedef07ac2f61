import type { StreamName } from '@keymux/contracts';
import type { Message } from '../bus.ts';

/** What a worker says to the hub. */
export type WorkerFrame =
  | {
      readonly kind: 'publish';
      readonly id: number;
      readonly stream: StreamName;
      readonly message: Message;
    }
  | { readonly kind: 'follow'; readonly id: number; readonly stream: StreamName }
  | { readonly kind: 'unfollow'; readonly id: number }
  | {
      readonly kind: 'call';
      readonly id: number;
      readonly name: string;
      readonly request: unknown;
      readonly timeoutMs: number | null;
    };

/** What the hub says to a worker. */
export type HubFrame =
  | { readonly kind: 'done'; readonly id: number; readonly reply: unknown }
  /** `unanswered`: a call that nobody answered. */
  | { readonly kind: 'failed' | 'unanswered'; readonly id: number; readonly message: string }
  | { readonly kind: 'message'; readonly id: number; readonly message: Message }
  | { readonly kind: 'missed'; readonly id: number };

/** The end of a channel between two processes that carries structured clones. */
export interface IpcPort {
  send(value: unknown): void;
  onMessage(handler: (value: unknown) => void): void;
  onDisconnect(handler: () => void): void;
}

/** Frames travel under a name of their own, beside whatever else a process says. */
export interface Framed<T> {
  readonly keymux_bus: T;
}

/** The frame in a value that came over a port, or null when it is none of the bus. Both ends are this program. */
export function frameOf<T>(value: unknown): T | null {
  if (typeof value !== 'object' || value === null || !('keymux_bus' in value)) return null;
  return (value as Framed<T>).keymux_bus;
}
