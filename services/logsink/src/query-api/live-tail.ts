import type { ServerResponse } from 'node:http';
import type { LogRow } from '@keymux/contracts';
import type { LogFilter } from '../log-store/log-store.ts';
import { matches } from './log-filter.ts';

const heartbeatMs = 15_000;
/** A reader that is so far behind is let go. */
const maxBehindBytes = 1024 * 1024;

/** Those who watch requests as they end. */
export class LiveTail {
  readonly #watchers = new Map<ServerResponse, LogFilter>();
  readonly #heartbeat: NodeJS.Timeout;

  constructor() {
    this.#heartbeat = setInterval(() => this.#send(() => ': still here\n\n'), heartbeatMs);
  }

  watch(res: ServerResponse, filter: LogFilter): void {
    res.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
    res.write(': tail\n\n');
    this.#watchers.set(res, filter);
    res.once('close', () => this.#watchers.delete(res));
  }

  tell(rows: readonly LogRow[]): void {
    if (this.#watchers.size === 0) return;
    for (const row of rows) {
      const event = `event: log\nid: ${row.request_id}\ndata: ${JSON.stringify(row)}\n\n`;
      this.#send((filter) => (matches(row, filter) ? event : null));
    }
  }

  stop(): void {
    clearInterval(this.#heartbeat);
    for (const res of this.#watchers.keys()) res.end();
  }

  #send(textFor: (filter: LogFilter) => string | null): void {
    for (const [res, filter] of this.#watchers) {
      const text = textFor(filter);
      if (text === null) continue;
      if (res.writableLength > maxBehindBytes) res.destroy();
      else res.write(text);
    }
  }
}
