import type { ScanResult } from '@keymux/channels';
import type { AwaitsRow } from '../../outbox/outbox.ts';
import type { AttemptListener } from '../../upstream/attempt.ts';
import type { AttemptFailure } from '../../upstream/attempt-failure.ts';
import { AnswerSoFar } from './answer-so-far.ts';
import { AnswerWriter, type AnswerWriterDeps } from './answer-writer.ts';
import { maxReadBytes } from './held-text.ts';
import { LastBytes } from './last-bytes.ts';
import type { ResponseHeaders } from '../headers/response-headers.ts';
import type { RelayListener } from './relay-listener.ts';
import type { UsageReader } from './usage-reader.ts';

/** Longest error answer that is held back while another attempt is made, in bytes. */
const maxHeldBytes = 1024 * 1024;

export interface RelayDeps extends AnswerWriterDeps {
  readonly requestId: string;
  readonly listener: RelayListener;
  readonly usageReader: (headers: ResponseHeaders) => UsageReader;
  /** Changes raw headers of the answer, where a client could not follow them. */
  readonly translate?: (raw: readonly string[]) => readonly string[];
  /** An answer of 200 without a byte is a failure: the call must answer with content. */
  readonly contentExpected: boolean;
}

type Mode = 'waiting' | 'holding' | 'refusing' | 'relaying' | 'done';

/**
 * Brings one upstream's answer to the client as it comes: nothing is merged, delayed or copied.
 * Holds back only what may still be answered better by another attempt.
 */
export class Relay implements AttemptListener {
  readonly #deps: RelayDeps;
  readonly #last: LastBytes;
  readonly #answer: AnswerSoFar;
  readonly #writer: AnswerWriter;
  #mode: Mode = 'waiting';
  #usage: UsageReader | undefined;
  #receivedBytes = 0;
  #settled = false;
  #refusedStreaming = false;

  constructor(deps: RelayDeps) {
    this.#deps = deps;
    this.#answer = new AnswerSoFar(deps.requestId);
    this.#writer = new AnswerWriter(deps);
    this.#last = new LastBytes(deps.res, () => deps.listener.finished());
  }

  /** Who waits for the row of an answer. */
  get awaitsRow(): AwaitsRow {
    return this.#last;
  }

  headers(status: number, statusText: string, raw: readonly string[]): void {
    const { translate } = this.#deps;
    this.#answer.begin(status, statusText, translate === undefined ? raw : translate(raw));
    this.#deps.listener.answers(this.#answer.headers);
    if (status >= 400) {
      this.#mode = 'refusing';
      return;
    }
    this.#usage = this.#deps.usageReader(this.#answer.headers);
    this.#mode = 'holding';
  }

  data(chunk: Buffer): boolean {
    this.#receivedBytes += chunk.length;
    switch (this.#mode) {
      case 'relaying':
        this.#usage?.feed(chunk);
        return this.#write(chunk, true);
      case 'holding':
        return this.#first(chunk);
      case 'refusing':
        this.#answer.hold(chunk);
        if (this.#answer.heldBytes > maxHeldBytes) this.#refuseStreaming();
        return true;
      case 'waiting':
      case 'done':
        return true;
    }
  }

  end(): void {
    const mode = this.#mode;
    this.#mode = 'done';
    switch (mode) {
      case 'refusing':
        this.#deps.listener.ended({
          kind: 'refused',
          answer: this.#answer.held(),
          text: this.#answer.text(),
        });
        return;
      case 'holding':
        if (this.#deps.contentExpected && this.#answer.isEmpty) {
          this.#deps.listener.ended({ kind: 'empty', answer: this.#answer.held() });
          return;
        }
        this.#writer.commit(this.#answer);
        this.#settle(() => this.#last.end());
        return;
      case 'relaying':
        this.#settle(() => this.#last.end());
        return;
      case 'waiting':
      case 'done':
        return;
    }
  }

  failed(failure: AttemptFailure): void {
    const committed = this.#mode === 'relaying';
    this.#mode = 'done';
    if (this.#settled) this.#last.cut();
    else this.#deps.listener.ended({ kind: 'failed', failure, committed });
  }

  /** What the client's stream told before it ended early. */
  usageSoFar(): ScanResult | null {
    return this.#usage?.soFar() ?? null;
  }

  /** Bytes of the answer's body that came so far. */
  get receivedBytes(): number {
    return this.#receivedBytes;
  }

  /** Nothing more is forwarded. */
  stop(): void {
    this.#mode = 'done';
    this.#usage?.close();
  }

  #first(chunk: Buffer): boolean {
    this.#answer.hold(chunk);
    const usage = this.#usage;
    if (usage !== undefined) {
      usage.feed(chunk);
      const found = usage.soFar();
      if (found?.errorEvent && !found.sawContent) {
        this.#mode = 'done';
        const answer = this.#answer.held();
        this.#deps.listener.ended({ kind: 'error-event', answer, error: found.errorEvent });
        return true;
      }
      // Only a first event that is not complete yet keeps the client waiting, for its rest.
      if (usage.undecided && this.#answer.heldBytes < maxReadBytes) return true;
    }
    this.#writer.commit(this.#answer);
    this.#mode = 'relaying';
    let flowing = true;
    const chunks = this.#answer.takeHeld();
    for (const [at, each] of chunks.entries()) {
      flowing = this.#write(each, at === chunks.length - 1);
    }
    return flowing;
  }

  // The row must be on disk before the client has all, or a crash in between loses it.
  #write(chunk: Buffer, newest: boolean): boolean {
    if (!newest || this.#settled || this.#refusedStreaming) return this.#writer.write(chunk);
    const { contentLength } = this.#answer.headers;
    if (contentLength !== null && this.#receivedBytes >= contentLength) {
      this.#last.keep(chunk);
      this.#settle(() => undefined);
      return true;
    }
    if (contentLength === null && this.#usage?.endsStream(chunk) === true) {
      this.#last.hold();
      this.#settle(() => undefined);
    }
    return this.#writer.write(chunk);
  }

  #settle(then: () => void): void {
    if (this.#settled || this.#refusedStreaming) {
      then();
      return;
    }
    this.#settled = true;
    this.#last.awaitRow();
    const usage = this.#usage;
    const tell = (result: ScanResult | null): void => {
      this.#deps.listener.ended({ kind: 'answered', status: this.#answer.status, usage: result });
      then();
    };
    if (usage === undefined) tell(null);
    else usage.end(tell);
  }

  #refuseStreaming(): void {
    this.#refusedStreaming = true;
    this.#deps.listener.ended({
      kind: 'refused-streaming',
      answer: this.#answer.held(),
      text: this.#answer.text(),
    });
    this.#writer.commit(this.#answer);
    this.#mode = 'relaying';
    for (const chunk of this.#answer.takeHeld()) this.#deps.res.write(chunk);
  }
}
