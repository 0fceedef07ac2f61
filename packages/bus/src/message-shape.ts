import { Type } from 'typebox';
import { Compile } from 'typebox/compile';
import type { Message } from './bus.ts';

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

/** The message that a value is, or null when it is none. */
export function asMessage(value: unknown): Message | null {
  return isMessage.Check(value) ? (value as Message) : null;
}
