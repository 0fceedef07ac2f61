import type { Begun } from '../history/snapped-pool.ts';
import type { KeyCommand } from '../key/command.ts';
import { decide } from '../key/decide.ts';
import { evolve } from '../key/evolve.ts';
import { freshCondition, type KeyState } from '../key/state.ts';
import { type HeardOutcomes, versionOf } from '../outcome-archive/outcome-archive.ts';
import type { HeardAt } from './starting-keys.ts';

/** Of which nothing is known but that it was imported; who it is decides nothing. */
const fresh: Begun = {
  state: { group: '', sealed: '', fingerprint: '', masked: '', note: '', ...freshCondition },
  version: 1,
};

interface Followed {
  readonly heard: { readonly version: number; heardMs: number }[];
  /** As it was before the first outcome; null when that is to be read. */
  begun: Begun | null;
  state: KeyState;
  version: number;
}

/**
 * Decides on recorded outcomes once more, as it was decided. Whatever else happened to a key, at the
 * hands of people or probes, leaves a gap in its versions: of a key without one no event need be read.
 */
export class Following {
  readonly #snapped: ReadonlyMap<string, Begun>;
  readonly #keys = new Map<string, Followed>();

  /** `snapped` are keys as they were before the first outcome. */
  constructor(snapped: ReadonlyMap<string, Begun>) {
    this.#snapped = snapped;
  }

  hear({ outcomes, versions, heardMs: nowMs, threshold }: HeardOutcomes): void {
    for (const [at, outcome] of outcomes.entries()) {
      const version = versionOf(versions[at]);
      switch (outcome.kind) {
        case 'failure':
          this.#hear(outcome.key_id, version, { kind: 'hear-failure', outcome, threshold, nowMs });
          break;
        case 'noted':
          this.#heardAt(outcome.key_id, version, nowMs);
          break;
        case 'success':
          // Successes alone change nothing of a key that was only imported.
          if (version > 1) {
            this.#hear(outcome.key_id, version, { kind: 'hear-success', outcome, nowMs });
          }
          break;
        case 'guard':
          for (const [n, id] of outcome.key_ids.entries()) {
            const of = versionOf(versions[at], n);
            // An earlier version of this program did not keep it.
            if (of === 0) this.#lose(id);
            else this.#hear(id, of, { kind: 'hear-guard', outcome, nowMs });
          }
          break;
        case 'no-key':
          break;
        default:
          outcome satisfies never;
      }
    }
  }

  /** When outcomes of each key were heard that may change it. */
  *heard(): Iterable<readonly [id: string, heard: HeardAt]> {
    for (const [id, { heard }] of this.#keys) yield [id, heard];
  }

  heardOf(id: string): HeardAt | undefined {
    return this.#keys.get(id)?.heard;
  }

  /** A key before the first outcome, if nothing but outcomes changed it from there to a version. */
  begun(id: string, version: number): Begun | undefined {
    const key = this.#keys.get(id);
    if (key === undefined || key.begun === null || key.version !== version) return undefined;
    return key.begun;
  }

  #hear(id: string, version: number, command: KeyCommand): void {
    const key = this.#heardAt(id, version, command.nowMs);
    if (key.begun === null) return;
    if (key.version !== version) {
      key.begun = null;
      return;
    }
    for (const fact of decide(key.state, command)) {
      key.state = evolve(key.state, fact);
      key.version += 1;
    }
  }

  #heardAt(id: string, version: number, heardMs: number): Followed {
    let key = this.#keys.get(id);
    if (key === undefined) {
      const begun = this.#begin(id, version);
      key = { heard: [], begun, ...(begun ?? fresh) };
      this.#keys.set(id, key);
    }
    const last = key.heard.at(-1);
    if (last?.version === version) last.heardMs = heardMs;
    else key.heard.push({ version, heardMs });
    return key;
  }

  #begin(id: string, version: number): Begun | null {
    const snapped = this.#snapped.get(id);
    if (snapped?.version === version) return snapped;
    return version === 1 ? fresh : null;
  }

  #lose(id: string): void {
    const key = this.#keys.get(id);
    if (key !== undefined) key.begun = null;
  }
}
