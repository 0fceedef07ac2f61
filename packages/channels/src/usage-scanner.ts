import type { ChannelName } from '@keymux/contracts';
import { AnswerTally, type ScannedError, type ScanResult } from './answer-tally.ts';
import { BodyScanner } from './body-scanner.ts';
import { channelByName } from './channels.ts';
import { EventScanner } from './event-scanner.ts';

export type { ScannedError, ScanResult } from './answer-tally.ts';

/** Reads an answer on its way, without holding it up: tokens, content, errors inside a 200. */
export interface UsageScanner {
  /** Takes decoded bytes as they come, cut anywhere; copies what it must keep. */
  feed(chunk: Uint8Array): void;
  /** No more comes; also right for an answer that was cut short. */
  end(): ScanResult;
  /** What is known now; usage is complete only after `end`. */
  soFar(): ScanResult;
  /** Whether the model has said anything yet. */
  readonly sawContent: boolean;
  readonly errorEvent: ScannedError | null;
  /** Whether an event has begun and not ended: its rest may still change what is known. */
  readonly midEvent: boolean;
  /** Bytes of memory held now. */
  readonly heldBytes: number;
}

/** A scanner for one answer; `streaming` when its content type is `text/event-stream`. */
export function createUsageScanner(
  channel: ChannelName,
  { streaming }: { readonly streaming: boolean },
): UsageScanner {
  const tally = new AnswerTally(channelByName(channel));
  return new Scanner(tally, streaming ? new EventScanner(tally) : new BodyScanner(tally));
}

class Scanner implements UsageScanner {
  readonly #tally: AnswerTally;
  readonly #parts: EventScanner | BodyScanner;

  constructor(tally: AnswerTally, parts: EventScanner | BodyScanner) {
    this.#tally = tally;
    this.#parts = parts;
  }

  feed(chunk: Uint8Array): void {
    this.#parts.feed(
      Buffer.isBuffer(chunk)
        ? chunk
        : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength),
    );
  }

  end(): ScanResult {
    this.#parts.end();
    return this.#tally.result();
  }

  soFar(): ScanResult {
    return this.#tally.result();
  }

  get sawContent(): boolean {
    return this.#tally.sawContent;
  }

  get errorEvent(): ScannedError | null {
    return this.#tally.errorEvent;
  }

  get midEvent(): boolean {
    return this.#parts.midEvent;
  }

  get heldBytes(): number {
    return this.#parts.heldBytes;
  }
}
