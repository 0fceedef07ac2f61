import type { Subscription } from '@keymux/bus';
import { RequestLogsSchema } from '@keymux/contracts';
import type { AdminAuth, Identity, Logger } from '@keymux/service';
import { EventStreams } from '@keymux/service/admin';
import type { Response } from 'express';
import { Compile } from 'typebox/compile';
import type { LogFilter } from '../log-store/log-filter.ts';
import { isPoison, readRows } from '../log-store/received-rows.ts';
import { matches } from '../log-store/row-match.ts';

const isLogs = Compile(RequestLogsSchema);

export interface LiveTailDeps {
  /** Gives what any gateway publishes, whichever logsink writes it. */
  readonly follow: (hear: (data: unknown) => void) => Promise<Subscription>;
  readonly auth: Pick<AdminAuth, 'verify'>;
  readonly log: Logger;
}

/** Those who watch requests as they end; listens to the bus only while there are any. */
export class LiveTail {
  readonly #deps: LiveTailDeps;
  readonly #streams: EventStreams<LogFilter>;
  /** Who watches, or is about to. */
  readonly #watchers = new Set<Response>();
  /** What follows the bus, while somebody watches. */
  #following: Promise<Subscription | null> | undefined;

  constructor(deps: LiveTailDeps) {
    this.#deps = deps;
    this.#streams = new EventStreams({ auth: deps.auth });
  }

  start(): void {
    this.#streams.start();
  }

  /** Resolves when every request from now on is told. */
  async watch(res: Response, identity: Identity, filter: LogFilter): Promise<void> {
    res.once('close', () => this.#left(res));
    this.#watchers.add(res);
    this.#following ??= this.#follow();
    if ((await this.#following) === null) res.destroy();
    else if (!res.closed) this.#streams.open(res, identity, filter);
  }

  async stop(): Promise<void> {
    this.#streams.stop();
    for (const res of this.#watchers) res.end();
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
      return null;
    }
  }

  #left(res: Response): void {
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
      this.#streams.send((filter) => (matches(row, filter) ? event : null));
    }
  }
}
