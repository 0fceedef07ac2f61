import type { Judgement } from '@keymux/outcome';
import { scrubText } from '@keymux/service';
import { asciiJson } from '../../ascii-json.ts';
import type { AwaitsRow } from '../../outbox/outbox.ts';
import type { Target } from '../../upstream/choose-target.ts';
import type { LogRecord } from './log-record.ts';
import { type RowDeps, writeRow } from './write-row.ts';

/** What one request's log row and metrics are told while it goes its way. */
export class ExchangeRow {
  readonly #record: LogRecord;
  readonly #deps: RowDeps;
  #target: Target | undefined;
  #attemptStartMs = 0;
  #attemptRuns = false;
  #settled = false;

  constructor(deps: RowDeps, record: LogRecord) {
    this.#record = record;
    this.#deps = deps;
  }

  /** Whether the row was written: nothing can be told any more. */
  get settled(): boolean {
    return this.#settled;
  }

  attemptStarts(target: Target, model: string | null, nowMs: number): void {
    this.#target = target;
    this.#attemptStartMs = nowMs;
    this.#attemptRuns = true;
    this.#record.group = target.group.name;
    this.#record.modelSent = model;
  }

  /** Nothing is noted when no attempt runs: before the first one, and while the next one waits. */
  attemptEnded(status: number | null, verdict: Judgement['verdict'], rule: string): void {
    if (this.#target === undefined || !this.#attemptRuns) return;
    this.#attemptRuns = false;
    const { group, key, upstream } = this.#target;
    this.#record.attemptStartsMs.push(this.#attemptStartMs);
    const ms = this.#deps.clock.now() - this.#attemptStartMs;
    const [key_id, url] = [key.id, upstream.url];
    const about = { key_id, upstream: url, status, verdict, rule, ms };
    this.#record.attempts.push({
      key_id,
      upstream: url,
      status,
      verdict,
      rule,
      ms,
      key: key.masked,
    });
    this.#record.attemptTexts.push(`${asciiJson(about).slice(0, -1)},"key":${key.maskedJson}}`);
    this.#deps.metrics.attempt(group.name, verdict);
  }

  blame(judgement: Judgement): void {
    this.#record.atFault = judgement.at_fault;
    this.#record.error = judgement.verdict === 'success' ? null : this.#scrub(judgement.message);
  }

  /** Writes the row, now or soon and then tells `awaits`: the client's last byte goes after it, so that no end of this process loses it. */
  settle(bytesOut: number, awaits?: AwaitsRow): void {
    if (this.#settled) {
      awaits?.written();
      return;
    }
    this.#settled = true;
    const record = this.#record;
    record.bytesOut = bytesOut;
    writeRow(this.#deps, record, awaits);
  }

  // An upstream may repeat a key in its error.
  #scrub(text: string): string {
    const { secret, masked } = this.#target?.key ?? {};
    return scrubText(secret === undefined ? text : text.replaceAll(secret, masked ?? ''));
  }
}
