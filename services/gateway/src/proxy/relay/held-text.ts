import { brotliDecompressSync, gunzipSync, inflateSync, zstdDecompressSync } from 'node:zlib';

/** Longest part of an error answer that is read for its meaning, in bytes. */
export const maxReadBytes = 65_536;

/** The start of an error answer as text, decoded where it is compressed; empty when it cannot be decoded. */
export function heldText(chunks: readonly Buffer[], encoding: string | null): string {
  const bytes = Buffer.concat(chunks);
  const limits = { maxOutputLength: 4 * maxReadBytes };
  try {
    const plain =
      encoding === 'gzip' || encoding === 'x-gzip'
        ? gunzipSync(bytes, limits)
        : encoding === 'br'
          ? brotliDecompressSync(bytes, limits)
          : encoding === 'deflate'
            ? inflateSync(bytes, limits)
            : encoding === 'zstd'
              ? zstdDecompressSync(bytes, limits)
              : bytes;
    return plain.toString('utf8', 0, maxReadBytes);
  } catch {
    return ''; // judged by its status alone
  }
}
