import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { type MsgHdrs, headers, type NatsConnection } from '@nats-io/transport-node';

/** Bytes beyond which a payload is compressed, so that a full batch of log rows fits one message. */
const compressBytes = 128 * 1024;
/** What a message's headers may take of what a server allows. */
const headroomBytes = 4096;
const encoding = 'content-encoding';
const utf8 = new TextDecoder('utf-8', { fatal: true });

/** A payload with the headers that tell how to read it. */
export interface Wire {
  readonly payload: Uint8Array;
  readonly headers?: MsgHdrs;
}

/** Writes a value as JSON, compressed (zstd) when it is large. */
export function encode(value: unknown): Wire {
  const payload = Buffer.from(JSON.stringify(value) ?? 'null');
  if (payload.length <= compressBytes) return { payload };
  const told = headers();
  told.set(encoding, 'zstd');
  return { payload: zstdCompressSync(payload), headers: told };
}

/** The longest payload that a server takes, in bytes. */
export function mostPayloadBytes({ info }: NatsConnection): number {
  return (info?.max_payload ?? 2 ** 20) - headroomBytes;
}

/** Reads what {@link encode} wrote; throws for anything else. */
export function decode(data: Uint8Array, told: MsgHdrs | undefined): unknown {
  const plain = told?.get(encoding) === 'zstd' ? zstdDecompressSync(data) : data;
  return JSON.parse(utf8.decode(plain));
}
