import { JetStreamApiCodes, jetstream, jetstreamManager, type StoredMsg } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { type Clock, type Logger, newId } from '@keymux/service';
import { Type } from 'typebox';
import { Compile } from 'typebox/compile';
import { BusUnavailable } from '../bus.ts';
import type { DeadLetter, DeadLetterStore } from '../dead-letters/dead-letter-store.ts';
import { decode, encode, mostPayloadBytes } from './wire.ts';
import type { NatsLink } from './nats-link.ts';
import { deadLetterStream, isApiError } from './streams.ts';

const isLetter = Compile(
  Type.Object({
    stream: Type.String(),
    subject: Type.String(),
    time: Type.String(),
    reason: Type.String(),
  }),
);

/** Keeps dead letters in a stream of their own; the id of one is its number there. */
export function createNatsDeadLetters(deps: {
  readonly link: NatsLink;
  readonly clock: Clock;
  readonly log: Logger;
}): DeadLetterStore {
  const { link, clock, log } = deps;

  function joined(): NatsConnection {
    if (link.up === null) throw new BusUnavailable(link.trouble);
    return link.up;
  }

  return {
    async park(stream, message, reason) {
      log.error({ stream, id: message.id, reason }, 'a message became a dead letter');
      const time = new Date(clock.now()).toISOString();
      const connection = joined();
      const letter = { stream, subject: message.subject, time, reason, message };
      const whole = encode(letter);
      // A message as large as the server takes leaves no room for the reason: better a letter without its data than none.
      const { payload, headers } =
        whole.payload.length <= mostPayloadBytes(connection)
          ? whole
          : encode({
              ...letter,
              reason: `${reason}; its data are too large to be kept`,
              message: { ...message, data: null },
            });
      await jetstream(connection).publish(`dead-letter.${stream}`, payload, {
        msgID: newId(),
        expect: { streamName: deadLetterStream },
        ...(headers === undefined ? {} : { headers }),
      });
    },
    async list(before, limit) {
      const jsm = await jetstreamManager(joined(), { checkAPI: false });
      const { state } = await jsm.streams.info(deadLetterStream);
      const items: DeadLetter[] = [];
      let seq = Math.min(numberOf(before), state.last_seq + 1) - 1;
      for (; seq >= state.first_seq && seq > 0 && items.length < limit; seq -= 1) {
        const letter = readLetter(await storedAt(seq));
        if (letter !== null) items.push({ id: String(seq), ...letter });
      }
      const more = seq >= state.first_seq && seq > 0;
      return { items, next: more ? (items.at(-1)?.id ?? null) : null };

      async function storedAt(at: number): Promise<StoredMsg | null> {
        try {
          return await jsm.streams.getMessage(deadLetterStream, { seq: at });
        } catch (error) {
          if (isApiError(error, JetStreamApiCodes.NoMessageFound)) return null;
          throw error;
        }
      }
    },
    async count() {
      const jsm = await jetstreamManager(joined(), { checkAPI: false });
      return (await jsm.streams.info(deadLetterStream)).state.messages;
    },
  } satisfies DeadLetterStore;
}

function numberOf(before: string | null): number {
  return before !== null && /^\d{1,15}$/.test(before) ? Number(before) : Number.MAX_SAFE_INTEGER;
}

function readLetter(stored: StoredMsg | null): Omit<DeadLetter, 'id'> | null {
  if (stored === null) return null;
  const value = decode(stored.data, stored.header);
  if (!isLetter.Check(value)) return null;
  const { stream, subject, time, reason } = value;
  return { stream, subject, time, reason };
}
