import type { MsgHdrs } from '@nats-io/transport-node';
import { Type } from 'typebox';
import { Compile } from 'typebox/compile';
import type { Message } from '../bus.ts';
import { decode } from './wire.ts';

const isMessage = Compile(
  Type.Object({
    id: Type.String({ minLength: 1 }),
    type: Type.String(),
    version: Type.Integer(),
    time: Type.String(),
    source: Type.String(),
    subject: Type.String(),
    traceparent: Type.Optional(Type.String()),
    data: Type.Unknown(),
  }),
);

/** The message in a payload, or null when there is none that can be read. */
export function readMessage(data: Uint8Array, headers: MsgHdrs | undefined): Message | null {
  try {
    const value = decode(data, headers);
    return isMessage.Check(value) ? (value as Message) : null;
  } catch {
    // Neither JSON nor compressed JSON: whoever asked decides what becomes of it.
    return null;
  }
}
