import type { Message } from '../bus.ts';
import { asMessage } from '../message-shape.ts';

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** The value of a record: a message as JSON, which other readers of the topic understand too. */
export function writeRecord(message: Message): Buffer {
  return Buffer.from(JSON.stringify(message));
}

/** The message in a record's value, or null when there is none. */
export function readRecord(value: Buffer): Message | null {
  try {
    return asMessage(JSON.parse(utf8.decode(value)));
  } catch {
    // No JSON: whoever asked decides what becomes of it.
    return null;
  }
}
