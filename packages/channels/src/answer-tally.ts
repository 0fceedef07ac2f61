import type { Channel, EventKind } from './channel.ts';
import { channels } from './channels.ts';
import { errorIn } from './error-facts.ts';
import type { JsonObject } from './json-value.ts';
import { mergeTokens, noTokens, type TokenCounts } from './token-counts.ts';

/** An error that came inside an answer that began well. */
export interface ScannedError {
  readonly message: string;
  readonly code: string | null;
  readonly type: string | null;
  /** Whether anything that the model said came before it. */
  readonly afterContent: boolean;
}

/** What an answer told, so far or in all. */
export interface ScanResult {
  readonly tokens: TokenCounts;
  readonly sawContent: boolean;
  /** The first one, or null. */
  readonly errorEvent: ScannedError | null;
}

const orders = new Map(
  channels.map((first) => [first, [first, ...channels.filter((each) => each !== first)]]),
);

function formatsOf(channel: Channel): readonly Channel[] {
  return orders.get(channel) ?? [channel];
}

/**
 * Sums up what the parts of an answer tell. The channel's own format is asked first, then the
 * others: one upstream often serves several.
 */
export class AnswerTally {
  readonly #formats: readonly Channel[];
  #tokens: TokenCounts = noTokens;
  #error: ScannedError | null = null;
  sawContent = false;

  constructor(channel: Channel) {
    this.#formats = formatsOf(channel);
  }

  get errorEvent(): ScannedError | null {
    return this.#error;
  }

  result(): ScanResult {
    return { tokens: this.#tokens, sawContent: this.sawContent, errorEvent: this.#error };
  }

  noteUsage(json: JsonObject): void {
    for (const format of this.#formats) {
      const tokens = format.usageOf(json);
      if (tokens === null) continue;
      this.#tokens = mergeTokens(this.#tokens, tokens);
      return;
    }
  }

  /** Tells whether it is one. */
  noteError(json: unknown): boolean {
    const facts = errorIn(json);
    if (facts === null) return false;
    this.#error ??= { ...facts, afterContent: this.sawContent };
    return true;
  }

  /** What no format knows is content: better shown to the client than held back. */
  kindOf(json: JsonObject): EventKind {
    for (const format of this.#formats) {
      const kind = format.eventKind(json);
      if (kind !== null) return kind;
    }
    return 'content';
  }
}
