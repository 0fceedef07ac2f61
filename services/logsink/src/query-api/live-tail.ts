import type { ServerResponse } from 'node:http';
import type { Subscription } from '@keymux/bus';
import { RequestLogsSchema } from '@keymux/contracts';
import type { Logger } from '@keymux/service';
import { Compile } from 'typebox/compile';
import type { LogFilter } from '../log-store/log-filter.ts';
import { isPoison, readRows } from '../log-store/received-rows.ts';
import { matches } from '../log-store/row-match.ts';

const heartbeatMs = 15_000;
/** A reader that is so far behind is let go. */
const maxBehindBytes = 1024 * 1024;

const isLogs = Compile(RequestLogsSchema);

export interface LiveTailDeps {
  /** Gives what any gateway publishes, whichever logsink writes it. */
  readonly follow: (hear: (data: unknown) => void) => Promise<Subscription>;
  readonly log: Logger;
}

/** Those who watch requests as they end; listens to the bus only while there are any. */
export class LiveTail {
  readonly #deps: LiveTailDeps;
  readonly #watchers = new Map<ServerResponse, LogFilter>();
  readonly #heartbeat: NodeJS.Timeout;
  /** What follows the bus, while somebody watches. */
  #following: Promise<Subscription | null> | undefined;

  constructor(deps: LiveTailDeps) {
    this.#deps = deps;
    this.#heartbeat = setInterval(() => this.#send(() => 'event: beat\ndata: {}\n\n'), heartbeatMs);
  }

  /** Resolves when every request from now on is told. */
  async watch(res: ServerResponse, filter: LogFilter): Promise<void> {
    res.once('close', () => this.#left(res));
    this.#watchers.set(res, filter);
    this.#following ??= this.#follow();
    if ((await this.#following) === null) return;
    res.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
    res.write(': tail\n\n');
  }

  async stop(): Promise<void> {
    clearInterval(this.#heartbeat);
    for (const res of this.#watchers.keys()) res.end();
    await (await this.#following)?.stop();
  }

  async #follow(): Promise<Subscription | null> {
    try {
      return await this.#deps.follow((data) => {
        if (isLogs.Check(data)) this.#tell(data.rows);
      });
    } catch (error) {
      this.#deps.log.warn({ err: error }, 'the bus cannot be followed now');
      this.#following = undefined;
      for (const res of this.#watchers.keys()) res.destroy();
      return null;
    }
  }

  #left(res: ServerResponse): void {
    this.#watchers.delete(res);
    if (this.#watchers.size > 0) return;
    const following = this.#following;
    this.#following = undefined;
    following
      ?.then((subscription) => subscription?.stop())
      .catch((error: unknown) => this.#deps.log.warn({ err: error }, 'the live tail goes on'));
  }

  #tell(text: string): void {
    for (const read of readRows(text)) {
      if (isPoison(read)) continue;
      const { row, json } = read;
      const event = `event: log\nid: ${row.request_id}\ndata: ${json}\n\n`;
      this.#send((filter) => (matches(row, filter) ? event : null));
    }
  }

  #send(textFor: (filter: LogFilter) => string | null): void {
    for (const [res, filter] of this.#watchers) {
      const text = textFor(filter);
      if (text === null) continue;
      if (!res.headersSent) continue;
      if (res.writableLength > maxBehindBytes) res.destroy();
      else res.write(text);
    }
  }
}
