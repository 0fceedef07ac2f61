import type { Answer } from './answer.ts';
import { fault, type Fault, type Format } from './errors.ts';
import type { Hit } from './hit.ts';

/** Which requests a script is for; what is left out matches all. */
export interface Match {
  readonly key?: string | RegExp;
  readonly path?: string | RegExp;
  readonly model?: string;
  readonly method?: string;
}

/** What to do with requests that match; the newest script that matches decides. */
export interface Script {
  readonly match?: Match;
  /** How often; without it for ever. */
  readonly times?: number;
  readonly answer: Answer | ((hit: Hit) => Answer);
}

/** The scripts of a simulator. */
export interface Scripts {
  add(script: Script): () => void;
  clear(): void;
  /** Takes the answer of the newest script that matches. */
  take(hit: Hit): Answer | undefined;
}

/** Makes an empty book of scripts. */
export function createScripts(): Scripts {
  let entries: { script: Script; left: number }[] = [];
  return {
    add(script) {
      const entry = { script, left: script.times ?? Number.POSITIVE_INFINITY };
      entries = [entry, ...entries];
      return () => {
        entries = entries.filter((each) => each !== entry);
      };
    },
    clear() {
      entries = [];
    },
    take(hit) {
      if (entries.length === 0) return undefined;
      const entry = entries.find(({ script, left }) => left > 0 && matches(script.match, hit));
      if (entry === undefined) return undefined;
      entry.left -= 1;
      const { answer } = entry.script;
      return typeof answer === 'function' ? answer(hit) : answer;
    },
  };
}

function matches(match: Match | undefined, hit: Hit): boolean {
  if (match === undefined) return true;
  if (match.method !== undefined && match.method !== hit.method) return false;
  if (match.model !== undefined && match.model !== hit.model) return false;
  if (!fits(match.path, hit.path, (text, part) => text.includes(part))) return false;
  return fits(match.key, hit.key ?? '', (text, whole) => text === whole);
}

function fits(
  wanted: string | RegExp | undefined,
  text: string,
  compare: (text: string, wanted: string) => boolean,
): boolean {
  if (wanted === undefined) return true;
  return typeof wanted === 'string' ? compare(text, wanted) : wanted.test(text);
}

const faultOfName: Readonly<Record<string, Fault>> = {
  invalid: 'invalid-key',
  forbidden: 'key-forbidden',
  region: 'region',
  billing: 'billing',
  quota: 'quota',
  limited: 'rate-limit',
  missing: 'not-found',
  overloaded: 'overloaded',
  broken: 'server-error',
};

/**
 * A key may carry its own script in its name, for who reads the README or runs a bench:
 * `sk-sim-invalid-1`, `-forbidden-`, `-region-`, `-billing-`, `-quota-`, `-limited-`, `-missing-`,
 * `-overloaded-`, `-broken-`, `-hang-`, `-reset-`.
 */
export function answerOfKeyName(key: string | null, format: Format): Answer | undefined {
  const word = /^sk-sim-([a-z]+)-/.exec(key ?? '')?.[1];
  if (word === undefined) return undefined;
  if (word === 'hang') return { kind: 'hang' };
  if (word === 'reset') return { kind: 'reset' };
  const what = faultOfName[word];
  return what === undefined ? undefined : fault(format, what);
}
