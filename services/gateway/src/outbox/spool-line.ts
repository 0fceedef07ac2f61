import type { KeyOutcome } from '@keymux/contracts';
import { RowTexts } from './row-texts.ts';

/** A request's row, serialised once. */
export interface RowLine {
  readonly kind: 'row';
  readonly group: string;
  /** The key that succeeded, or none. */
  readonly keyId: string | null;
  readonly requestId: string;
  readonly time: string;
  readonly json: string;
}

/** A failure or a tripped guard, from the moment it was judged. */
export interface OutcomeLine {
  readonly kind: 'outcome';
  readonly group: string;
  readonly outcome: KeyOutcome;
}

/** What one line of the spool says. */
export type SpoolLine = RowLine | OutcomeLine;

/** The text of a line; what is needed to fold successes stands before the row, so that nobody parses it again. */
export function lineText(line: SpoolLine): string {
  return line.kind === 'row'
    ? `r\t${line.group}\t${line.keyId ?? ''}\t${line.requestId}\t${line.time}\t${line.json}`
    : `o\t${line.group}\t${JSON.stringify(line.outcome)}`;
}

/** What a batch of lines says, by group. */
export interface GroupBatch {
  readonly group: string;
  readonly outcomes: KeyOutcome[];
  readonly rows: RowTexts;
}

interface Success {
  count: number;
  at: string;
  requestId: string;
}

/** Sorts lines by group and folds successes by key, in the order in which they are added. */
export class LineFold {
  readonly #groups = new Map<string, GroupBatch>();
  readonly #successes = new Map<string, Map<string, Success>>();

  add(line: SpoolLine): void {
    if (line.kind === 'row') {
      this.#groupOf(line.group).rows.add(line.json);
      if (line.keyId !== null) this.#succeeded(line.group, line.keyId, line);
      return;
    }
    // A success ends a streak: it must not change places with a failure of the same key.
    const { group, outcome } = line;
    if (outcome.kind === 'failure' || outcome.kind === 'noted') this.#flush(group, outcome.key_id);
    this.#groupOf(group).outcomes.push(outcome);
  }

  /** Bytes of memory that rows take. */
  get heldBytes(): number {
    return [...this.#groups.values()].reduce((sum, { rows }) => sum + rows.heldBytes, 0);
  }

  /** What all lines said, until the next is added. */
  groups(): GroupBatch[] {
    for (const [group, ofGroup] of this.#successes) {
      for (const keyId of ofGroup.keys()) this.#flush(group, keyId);
    }
    return Array.from(this.#groups.values()).filter(isSaid);
  }

  /** Begins anew; keeps the memory of the groups that said something. */
  clear(): void {
    this.#successes.clear();
    for (const batch of this.#groups.values()) {
      if (!isSaid(batch)) this.#groups.delete(batch.group);
      batch.outcomes.length = 0;
      batch.rows.clear();
    }
  }

  #succeeded(group: string, keyId: string, { time, requestId }: RowLine): void {
    let ofGroup = this.#successes.get(group);
    if (ofGroup === undefined) this.#successes.set(group, (ofGroup = new Map<string, Success>()));
    const success = ofGroup.get(keyId);
    if (success === undefined) ofGroup.set(keyId, { count: 1, at: time, requestId });
    else {
      success.count += 1;
      success.at = time;
      success.requestId = requestId;
    }
  }

  #groupOf(group: string): GroupBatch {
    let batch = this.#groups.get(group);
    if (batch === undefined) {
      batch = { group, outcomes: [], rows: new RowTexts() };
      this.#groups.set(group, batch);
    }
    return batch;
  }

  #flush(group: string, keyId: string): void {
    const success = this.#successes.get(group)?.get(keyId);
    if (success === undefined) return;
    this.#successes.get(group)?.delete(keyId);
    this.#groupOf(group).outcomes.push({
      kind: 'success',
      key_id: keyId,
      at: success.at,
      count: success.count,
      request_id: success.requestId,
    });
  }
}

const isSaid = ({ outcomes, rows }: GroupBatch): boolean => outcomes.length > 0 || rows.count > 0;

/** Folds the texts of lines; those it cannot read come back as `unreadable`. */
export function foldLines(texts: readonly string[]): {
  groups: GroupBatch[];
  unreadable: string[];
} {
  const fold = new LineFold();
  const unreadable: string[] = [];
  for (const text of texts) {
    const line = readLine(text);
    if (line === null) unreadable.push(text);
    else fold.add(line);
  }
  return { groups: fold.groups(), unreadable };
}

function readLine(text: string): SpoolLine | null {
  if (text.startsWith('r\t')) {
    const [group, keyId, requestId, time, json] = fields(text, 5);
    if (json === undefined) return null;
    return { kind: 'row', group, keyId: keyId === '' ? null : keyId, requestId, time, json };
  }
  if (!text.startsWith('o\t')) return null;
  const [group, json] = fields(text, 2);
  // Our own line, written by `lineText`; keymanager checks it by schema.
  return json === undefined
    ? null
    : { kind: 'outcome', group, outcome: JSON.parse(json) as KeyOutcome };
}

function fields(line: string, count: 2): [string, string | undefined];
function fields(line: string, count: 5): [string, string, string, string, string | undefined];
function fields(line: string, count: number): (string | undefined)[] {
  const found: string[] = [];
  let from = 2;
  while (found.length < count - 1) {
    const tab = line.indexOf('\t', from);
    if (tab === -1)
      return Array.from({ length: count }, (_, at) => (at < count - 1 ? '' : undefined));
    found.push(line.slice(from, tab));
    from = tab + 1;
  }
  found.push(line.slice(from));
  return found;
}
