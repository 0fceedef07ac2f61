import type { KeyOutcome } from '@keymux/contracts';
import type { Bus } from '@keymux/bus';
import type { Clock, Logger } from '@keymux/service';
import { batchMessages } from './batch-messages.ts';
import { Delivery } from './delivery.ts';
import type { Spool, SpoolBatch } from './spool.ts';
import { foldLines, LineFold, lineText, type RowLine, type SpoolLine } from './spool-line.ts';

/** Longest wait of a success before it is published. */
const foldMs = 250;
const batchBytes = 1024 * 1024;
/** So much is published without waiting: while it is not more than a batch it need not be read again. */
const promptBytes = 512 * 1024;
/** Published and not yet acknowledged; the rest waits in the spool. */
const windowBytes = 32 * batchBytes;

export interface OutboxDeps {
  readonly spool: Spool;
  readonly bus: Bus;
  readonly clock: Clock;
  readonly log: Logger;
  readonly source: string;
}

/** Who is told that a row is on disk. */
export interface AwaitsRow {
  written(): void;
}

/**
 * Writes outcomes and log rows to the spool, those of one turn of the event loop together, and
 * brings them to the bus in batches.
 */
export class Outbox {
  readonly #deps: OutboxDeps;
  readonly #delivery: Delivery;
  #timer: NodeJS.Timeout | undefined;
  #turn: NodeJS.Immediate | undefined;
  #urgent = false;
  #pending: SpoolLine[] = [];
  #waiting: AwaitsRow[] = [];
  /** All that no batch was made of, so that it need not be read again; unless the spool has more. */
  readonly #fresh = new LineFold();
  #behind = true;
  #inFlightBytes = 0;
  #dropped = 0;
  #complainedMs = 0;
  #stopped = false;

  constructor(deps: OutboxDeps) {
    this.#deps = deps;
    this.#delivery = new Delivery(deps);
  }

  /** Bytes that wait for the bus. */
  get waitingBytes(): number {
    return this.#deps.spool.waitingBytes;
  }

  /** Bytes of memory that the rows of the next batch take. */
  get heldBytes(): number {
    return this.#fresh.heldBytes;
  }

  /** Lines lost because the spool was full or the disk failed. */
  get dropped(): number {
    return this.#dropped;
  }

  start(): void {
    this.#timer = setInterval(() => this.#publish(), foldMs);
    this.#publish();
  }

  /**
   * Keeps a request's row: at the end of this turn of the event loop, and then tells `awaits`; or
   * now, when nobody awaits it. The answer's last byte must go after it.
   */
  row(row: RowLine, awaits?: AwaitsRow): void {
    this.#pending.push(row);
    if (awaits === undefined) {
      this.#write();
      return;
    }
    this.#waiting.push(awaits);
    this.#turn ??= setImmediate(this.#endTurn);
  }

  /** Keeps an outcome; one that changes a key is published at the end of this turn of the event loop. */
  outcome(group: string, outcome: KeyOutcome): void {
    this.#pending.push({ kind: 'outcome', group, outcome });
    this.#urgent ||= outcome.kind === 'failure' || outcome.kind === 'guard';
    this.#turn ??= setImmediate(this.#endTurn);
  }

  /** Publishes what is left, for at most `timeoutMs`; the rest stays on disk for the next start. */
  async stop(timeoutMs: number): Promise<void> {
    const endMs = performance.now() + timeoutMs;
    this.#write();
    this.#publish();
    while (!this.#deps.spool.empty && performance.now() < endMs) {
      await new Promise((resolve) => setTimeout(resolve, 20));
      this.#publish();
    }
    this.#stopped = true;
    clearInterval(this.#timer);
    this.#write();
    clearImmediate(this.#turn);
    this.#delivery.stop();
    this.#deps.spool.close();
  }

  readonly #endTurn = (): void => {
    this.#turn = undefined;
    this.#write();
    const { spool } = this.#deps;
    if (this.#urgent || (!this.#behind && spool.unbatchedBytes >= promptBytes)) this.#publish();
    this.#urgent = false;
  };

  #write(): void {
    const lines = this.#pending;
    if (lines.length > 0) {
      this.#pending = [];
      if (this.#append(lines) && !this.#behind) this.#keepFresh(lines);
    }
    const waiting = this.#waiting;
    if (waiting.length === 0) return;
    this.#waiting = [];
    for (const each of waiting) each.written();
  }

  #keepFresh(lines: readonly SpoolLine[]): void {
    if (this.#deps.spool.unbatchedBytes <= batchBytes) {
      for (const each of lines) this.#fresh.add(each);
      return;
    }
    // More than a batch is read from the spool anyhow; and while the bus takes nothing, memory must not fill with it.
    this.#behind = true;
    this.#fresh.clear();
  }

  #append(lines: readonly SpoolLine[]): boolean {
    try {
      if (this.#deps.spool.append(lines.map(lineText).join('\n'))) return true;
      this.#lost(lines.length, 'the spool is full');
    } catch (error) {
      this.#lost(lines.length, error instanceof Error ? error.message : String(error));
    }
    return false;
  }

  // A request never fails for its log; but nobody may lose rows without being told.
  #lost(lines: number, reason: string): void {
    this.#dropped += lines;
    const nowMs = this.#deps.clock.now();
    if (nowMs - this.#complainedMs < 60_000) return;
    this.#complainedMs = nowMs;
    this.#deps.log.error({ reason, dropped: this.#dropped }, 'outbox lost lines');
  }

  #publish(): void {
    if (this.#stopped) return;
    const { spool, log } = this.#deps;
    try {
      spool.checkpoint();
      while (this.#inFlightBytes < windowBytes) {
        const unbatchedBytes = spool.unbatchedBytes;
        const batch = spool.take(batchBytes);
        const whole = batch === undefined || batch.sizeBytes === unbatchedBytes;
        const fresh = this.#behind || !whole ? undefined : this.#fresh;
        this.#behind = batch !== undefined && fresh === undefined;
        try {
          if (batch === undefined) return;
          this.#send(batch, fresh);
        } finally {
          this.#fresh.clear();
        }
      }
    } catch (error) {
      log.error({ err: error }, 'the spool cannot be read or written');
    }
  }

  #send(batch: SpoolBatch, fresh: LineFold | undefined): void {
    const { spool, log, clock } = this.#deps;
    this.#inFlightBytes += batch.sizeBytes;
    const { groups, unreadable } =
      fresh === undefined ? foldLines(batch.lines) : { groups: fresh.groups(), unreadable: [] };
    if (unreadable.length > 0)
      log.error({ lines: unreadable.length }, 'spool has unreadable lines');
    const { producer, ackedThrough } = spool;
    const place = { producer, number: batch.number, ackedThrough };
    const origin = { source: this.#deps.source, time: new Date(clock.now()).toISOString() };
    const sent = batchMessages(groups, place, origin).map(({ stream, message }) =>
      this.#delivery.deliver(stream, message),
    );
    void Promise.all(sent).then(() => {
      this.#inFlightBytes -= batch.sizeBytes;
      spool.acknowledge(batch.number);
    });
  }
}
