import { type KeyOutcome, messageTypes, type StreamName, subjects } from '@keymux/contracts';
import type { Bus, Message } from '@keymux/bus';
import type { Clock, Logger } from '@keymux/service';
import type { Spool, SpoolBatch } from './spool.ts';
import { foldLines, outcomeLine, rowLine, toPayloads } from './spool-line.ts';

/** Longest wait of a success before it is published. */
const foldMs = 250;
const batchBytes = 1024 * 1024;
/** Published and not yet acknowledged; the rest waits in the spool. */
const windowBytes = 32 * batchBytes;

export interface OutboxDeps {
  readonly spool: Spool;
  readonly bus: Bus;
  readonly clock: Clock;
  readonly log: Logger;
  readonly source: string;
}

/** Writes outcomes and log rows to the spool at once and brings them to the bus in batches. */
export class Outbox {
  readonly #deps: OutboxDeps;
  readonly #retries = new Set<NodeJS.Timeout>();
  #timer: NodeJS.Timeout | undefined;
  #urgent: NodeJS.Immediate | undefined;
  #inFlightBytes = 0;
  #dropped = 0;
  #complainedMs = 0;
  #stopped = false;

  constructor(deps: OutboxDeps) {
    this.#deps = deps;
  }

  /** Bytes that wait on disk. */
  get spoolBytes(): number {
    return this.#deps.spool.sizeBytes;
  }

  /** Lines lost because the spool was full or the disk failed. */
  get dropped(): number {
    return this.#dropped;
  }

  start(): void {
    this.#timer = setInterval(() => this.#publish(), foldMs);
    this.#publish();
  }

  /** Keeps a request's row; `keyId` is the key that succeeded. Call before the answer's last byte. */
  row(row: {
    group: string;
    keyId: string | null;
    requestId: string;
    time: string;
    json: string;
  }): void {
    this.#append(rowLine(row));
  }

  /** Keeps an outcome; one that changes a key is published at once. */
  outcome(group: string, outcome: KeyOutcome): void {
    this.#append(outcomeLine(group, outcome));
    if (outcome.kind !== 'failure' && outcome.kind !== 'guard') return;
    this.#urgent ??= setImmediate(() => {
      this.#urgent = undefined;
      this.#publish();
    });
  }

  /** Publishes what is left, for at most `timeoutMs`; the rest stays on disk for the next start. */
  async stop(timeoutMs: number): Promise<void> {
    const endMs = performance.now() + timeoutMs;
    this.#publish();
    while (!this.#deps.spool.empty && performance.now() < endMs) {
      await new Promise((resolve) => setTimeout(resolve, 20));
      this.#publish();
    }
    this.#stopped = true;
    clearInterval(this.#timer);
    clearImmediate(this.#urgent);
    for (const retry of this.#retries) clearTimeout(retry);
    this.#deps.spool.close();
  }

  #append(line: string): void {
    try {
      if (this.#deps.spool.append(line)) return;
      this.#lost('the spool is full');
    } catch (error) {
      this.#lost(error instanceof Error ? error.message : String(error));
    }
  }

  // A request never fails for its log; but nobody may lose rows without being told.
  #lost(reason: string): void {
    this.#dropped += 1;
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
        const batch = spool.take(batchBytes);
        if (batch === undefined) return;
        this.#send(batch);
      }
    } catch (error) {
      log.error({ err: error }, 'the spool cannot be read or written');
    }
  }

  #send(batch: SpoolBatch): void {
    const { spool, log } = this.#deps;
    this.#inFlightBytes += batch.sizeBytes;
    const { groups, unreadable } = foldLines(batch.lines);
    if (unreadable.length > 0)
      log.error({ lines: unreadable.length }, 'spool has unreadable lines');
    const place = {
      producer: spool.producer,
      number: batch.number,
      ackedThrough: spool.ackedThrough,
    };
    const sent = groups.flatMap((group) => {
      const { outcomes, logs } = toPayloads(group, place);
      const id = `${place.producer}.${place.number}.${group.group}`;
      return [
        ...(outcomes === undefined
          ? []
          : [
              this.#deliver(
                'KEY_OUTCOMES',
                this.#message(
                  `${id}.o`,
                  messageTypes.keyOutcomes,
                  subjects.keyOutcome(group.group),
                  outcomes,
                ),
              ),
            ]),
        ...(logs === undefined
          ? []
          : [
              this.#deliver(
                'REQUEST_LOGS',
                this.#message(
                  `${id}.l`,
                  messageTypes.requestLogs,
                  subjects.requestLog(group.group),
                  logs,
                ),
              ),
            ]),
      ];
    });
    void Promise.all(sent).then(() => {
      this.#inFlightBytes -= batch.sizeBytes;
      spool.acknowledge(batch.number);
    });
  }

  #message(id: string, type: string, subject: string, data: unknown): Message {
    const time = new Date(this.#deps.clock.now()).toISOString();
    return { id, type, version: 1, time, source: this.#deps.source, subject, data };
  }

  /** Tries until the bus has it: the message is on disk, and nothing overtakes its promise. */
  #deliver(stream: StreamName, message: Message): Promise<void> {
    return new Promise((resolve) => {
      const attempt = (waitMs: number): void => {
        this.#deps.bus.publish(stream, message).then(resolve, (error: unknown) => {
          if (this.#stopped) return;
          this.#deps.log.warn({ err: error, stream }, 'the bus did not take a batch; trying again');
          const retry = setTimeout(() => {
            this.#retries.delete(retry);
            attempt(Math.min(waitMs * 2, 5_000));
          }, waitMs);
          this.#retries.add(retry);
        });
      };
      attempt(100);
    });
  }
}
