import * as fs from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import { syncBuiltinESMExports } from 'node:module';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { type BodyLimits, readBody } from './read-body.ts';
import type { RequestBody } from './request-body.ts';

const limits = { replayLimitBytes: 100_000, spillLimitBytes: 1_000_000 };

/** What is read of a body that is sent in chunks: the body as it goes out, and why it was not kept. */
async function read(bytes: Buffer, spillDirectory: string) {
  const notKept = vi.fn<BodyLimits['notKept']>();
  const { promise, resolve } = Promise.withResolvers<{ body: RequestBody; sent: Buffer }>();
  const take = async (body: RequestBody): Promise<void> => {
    const opened = body.open();
    const sent = opened === null || Buffer.isBuffer(opened) ? opened : await buffer(opened);
    body.close();
    resolve({ body, sent: sent ?? Buffer.alloc(0) });
  };
  const server = createServer((req: IncomingMessage, res) => {
    readBody(req, { ...limits, spillDirectory, notKept }, (body) => {
      void take(body).then(() => res.end());
    });
  });
  onTestFinished(() => void server.close());
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const { port } = server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}/`;
  await fetch(url, {
    method: 'POST',
    body: new Blob([new Uint8Array(bytes)]).stream(),
    duplex: 'half',
  });
  return { ...(await promise), notKept };
}

function bytesOf(count: number): Buffer {
  return Buffer.from(Uint8Array.from({ length: count }, (_, at) => (at * 7) % 251));
}

function folder(): string {
  const path = fs.mkdtempSync(join(tmpdir(), 'keymux-bodies-'));
  onTestFinished(() => fs.rmSync(path, { recursive: true, force: true }));
  return path;
}

describe('a body', () => {
  it.each([
    [50_000, true],
    [500_000, true],
    [3_000_000, false],
  ])('of %d bytes goes out whole (and again: %s)', async (count, replayable) => {
    const bytes = bytesOf(count);
    const { body, sent, notKept } = await read(bytes, join(folder(), 'bodies'));
    expect(sent.equals(bytes)).toBe(true);
    expect(body.replayable).toBe(replayable);
    expect(notKept).not.toHaveBeenCalled();
  });

  it('goes out once when no file can be made for it', async () => {
    const path = join(folder(), 'bodies');
    fs.writeFileSync(path, '');
    const bytes = bytesOf(500_000);
    const { body, sent, notKept } = await read(bytes, path);
    expect(sent.equals(bytes)).toBe(true);
    expect(body.replayable).toBe(false);
    expect(notKept).toHaveBeenCalledOnce();
  });

  describe('on a disk that fills up', () => {
    const disk = process.getBuiltinModule('node:fs');
    const { writeSync } = disk;
    afterEach(() => {
      disk.writeSync = writeSync;
      syncBuiltinESMExports();
    });

    it.each([0, 150_000, 300_001])('goes out once, whole: it takes %d bytes', async (room) => {
      let left = room;
      disk.writeSync = ((file: number, bytes: Buffer, at: number) => {
        if (left === 0) throw Object.assign(new Error('no space left'), { code: 'ENOSPC' });
        const taken = Math.min(left, bytes.length - at);
        left -= taken;
        return writeSync(file, bytes, at, taken);
      }) as typeof writeSync;
      syncBuiltinESMExports();
      const bytes = bytesOf(500_000);
      const { body, sent, notKept } = await read(bytes, join(folder(), 'bodies'));
      expect(sent.equals(bytes)).toBe(true);
      expect(body.replayable).toBe(false);
      expect(notKept).toHaveBeenCalledOnce();
    });
  });
});
