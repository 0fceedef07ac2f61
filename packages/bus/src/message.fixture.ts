import type { Message } from './bus.ts';

let lastMessage = 0;

/** A message for tests. */
export function testMessage(subject: string, data: unknown = null): Message {
  lastMessage += 1;
  return {
    id: `m${process.pid}.${lastMessage}`,
    type: 'test',
    version: 1,
    time: new Date(0).toISOString(),
    source: 'test',
    subject,
    data,
  };
}
