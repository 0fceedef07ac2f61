import type { StreamName } from '@keymux/contracts';
import type { Bus } from './bus.ts';

/** A bus that carries some streams over another one; `close` ends both. */
export function createBusByStream(
  usual: Bus,
  special: { readonly streams: readonly StreamName[]; readonly bus: Bus },
): Bus {
  const carrier = (stream: StreamName): Bus =>
    special.streams.includes(stream) ? special.bus : usual;
  return {
    publish: (stream, message) => carrier(stream).publish(stream, message),
    consume: (stream, options, handler) => carrier(stream).consume(stream, options, handler),
    follow: (stream, handler, missed) => carrier(stream).follow(stream, handler, missed),
    async close() {
      await Promise.all([usual.close(), special.bus.close()]);
    },
  };
}
