import { createInbox, headers, type Msg, type NatsConnection } from '@nats-io/transport-node';
import { CallFailed, type Calls, NoAnswer } from '../bus.ts';
import { defaultCallTimeoutMs } from '../deadlines.ts';
import { decode, encode, mostPayloadBytes } from './wire.ts';
import type { NatsLink } from './nats-link.ts';

const queue = 'answers';
/** Parts that still come: a reply larger than a message goes in several. */
const moreHeader = 'keymux-more';
const failedHeader = 'keymux-failed';
const subjectOf = (name: string): string => `call.${name}`;

/** Calls as requests and replies over NATS; those who answer to one name are a queue group. */
export function createNatsCalls(link: NatsLink): Calls {
  const open = new Set<() => void>();
  let closed = false;

  return {
    async call(name, request, { timeoutMs = defaultCallTimeoutMs } = {}) {
      const connection = link.up;
      if (closed || connection === null) {
        throw new NoAnswer(closed ? 'the bus is closed' : `${name}: ${link.trouble}`);
      }
      const { reply, stop } = ask(connection, name, request);
      const late = (): Error => new NoAnswer(`${name} was not answered in ${timeoutMs} ms`);
      try {
        return await link.deadlines.race(reply, timeoutMs, late);
      } catch (error) {
        if (error instanceof CallFailed) throw error;
        throw new NoAnswer(`${name}: ${error instanceof Error ? error.message : String(error)}`);
      } finally {
        stop();
      }
    },
    answer(name, handler) {
      let stop = (): void => undefined;
      const unlisten = link.listen({
        joined(connection) {
          const subscription = connection.subscribe(subjectOf(name), {
            queue,
            callback: (error, msg) => {
              if (error === null) void respond(connection, msg, handler);
            },
          });
          stop = () => subscription.unsubscribe();
        },
      });
      const end = (): void => {
        open.delete(end);
        unlisten();
        stop();
      };
      open.add(end);
      return {
        stop: () => {
          end();
          return Promise.resolve();
        },
      };
    },
    async close() {
      closed = true;
      for (const end of open) end();
    },
  } satisfies Calls;
}

function ask(
  connection: NatsConnection,
  name: string,
  request: unknown,
): { reply: Promise<unknown>; stop: () => void } {
  const { promise, resolve, reject } = Promise.withResolvers<unknown>();
  const parts: Uint8Array[] = [];
  const inbox = createInbox();
  const subscription = connection.subscribe(inbox, {
    callback: (error, msg) => {
      if (error !== null) {
        reject(error);
        return;
      }
      if (msg.headers?.code === 503) {
        reject(new NoAnswer(`nobody answers ${name}`));
        return;
      }
      parts.push(msg.data);
      if (msg.headers?.has(moreHeader) === true) return;
      try {
        const value = decode(Buffer.concat(parts), msg.headers);
        if (msg.headers?.has(failedHeader) === true) {
          reject(new CallFailed(`${name}: ${String(value)}`));
        } else resolve(value);
      } catch (unreadable) {
        reject(new CallFailed(`${name}: the reply is unreadable`, { cause: unreadable }));
      }
    },
  });
  const { payload, headers: told } = encode(request);
  try {
    connection.publish(subjectOf(name), payload, {
      reply: inbox,
      ...(told === undefined ? {} : { headers: told }),
    });
  } catch (error) {
    subscription.unsubscribe();
    // More than the server takes, say: another try would end like this one.
    const why = error instanceof Error ? error.message : String(error);
    throw new CallFailed(`${name}: ${why}`, { cause: error });
  }
  return { reply: promise, stop: () => subscription.unsubscribe() };
}

async function respond(
  connection: NatsConnection,
  msg: Msg,
  handler: (request: unknown) => Promise<unknown>,
): Promise<void> {
  let value: unknown;
  let failed = false;
  try {
    value = await handler(decode(msg.data, msg.headers));
  } catch (error) {
    failed = true;
    value = error instanceof Error ? error.message : String(error);
  }
  if (connection.isClosed()) return;
  const { payload, headers: told = headers() } = encode(value);
  if (failed) told.set(failedHeader, '1');
  const partBytes = mostPayloadBytes(connection);
  const more = headers();
  more.set(moreHeader, '1');
  let at = 0;
  for (; payload.length - at > partBytes; at += partBytes) {
    msg.respond(payload.subarray(at, at + partBytes), { headers: more });
  }
  msg.respond(payload.subarray(at), { headers: told });
}
