import type { MsgHdrs } from '@nats-io/transport-node';
import type { Message } from '../bus.ts';
import { asMessage } from '../message-shape.ts';
import { decode } from './wire.ts';

/** The message in a payload, or null when there is none that can be read. */
export function readMessage(data: Uint8Array, headers: MsgHdrs | undefined): Message | null {
  try {
    return asMessage(decode(data, headers));
  } catch {
    // Neither JSON nor compressed JSON: whoever asked decides what becomes of it.
    return null;
  }
}
