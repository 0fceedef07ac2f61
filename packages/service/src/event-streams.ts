import type { Response } from 'express';
import type { AdminAuth, Identity } from './admin-auth.ts';

const heartbeatMs = 15_000;
/** Bytes that may wait for a client before it is dropped: it can come back and read anew. */
const mostWaitingBytes = 1024 * 1024;

interface Listener<About> {
  readonly identity: Identity;
  readonly about: About;
}

/** Admins who are told what happens as it happens (server-sent events); `About` is what is known of each of them. */
export class EventStreams<About> {
  readonly #auth: Pick<AdminAuth, 'verify'>;
  readonly #listeners = new Map<Response, Listener<About>>();
  #heartbeat: NodeJS.Timeout | undefined;

  constructor({ auth }: { readonly auth: Pick<AdminAuth, 'verify'> }) {
    this.#auth = auth;
  }

  get isEmpty(): boolean {
    return this.#listeners.size === 0;
  }

  start(): void {
    this.#heartbeat = setInterval(() => this.#beat(), heartbeatMs);
  }

  /** Ends all streams. */
  stop(): void {
    clearInterval(this.#heartbeat);
    for (const res of this.#listeners.keys()) res.end();
    this.#listeners.clear();
  }

  /** Answers with a stream that ends when the client leaves, is too slow, or its session ends. */
  open(res: Response, identity: Identity, about: About): void {
    res.writeHead(200, {
      'content-type': 'text/event-stream',
      'cache-control': 'no-store',
      // Proxies such as nginx would keep events back until they have some kilobytes.
      'x-accel-buffering': 'no',
      'x-content-type-options': 'nosniff',
    });
    if (res.req.method === 'HEAD') {
      res.end();
      return;
    }
    res.on('close', () => this.#listeners.delete(res));
    this.#listeners.set(res, { identity, about });
    res.write('retry: 2000\n\n');
  }

  /** Sends each of them the text of an event; null is nothing. */
  send(textFor: (about: About) => string | null): void {
    for (const [res, { about }] of this.#listeners) {
      const text = textFor(about);
      if (text !== null) write(res, text);
    }
  }

  /** Ends the streams of a session now, and not at the next heartbeat. */
  endSession(id: string): void {
    for (const [res, { identity }] of this.#listeners) {
      if ('sessionId' in identity && identity.sessionId === id) res.end();
    }
  }

  // A session may be over by now.
  #beat(): void {
    for (const res of this.#listeners.keys()) {
      if (this.#auth.verify(res.req.headers).kind === 'anonymous') res.end();
      else write(res, 'event: beat\ndata: {}\n\n');
    }
  }
}

function write(res: Response, text: string): void {
  if (res.writableLength > mostWaitingBytes) res.destroy();
  else res.write(text);
}
