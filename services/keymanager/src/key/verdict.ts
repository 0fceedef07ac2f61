import type { VerdictKind, VerdictView } from '@keymux/contracts';
import { readFact, type StoredFact } from './stored-fact.ts';
import { blacklistedText, coolingText, restoredText } from './why.ts';

/** What a verdict says, but for which key it is on. */
export type Verdict = Omit<VerdictView, 'id' | 'time' | 'group' | 'key_id' | 'masked'>;

const types = new Set(['KeyBlacklisted', 'KeyCooled', 'KeyForgiven', 'KeyRestored']);

/** Whether events of a type may be verdicts: for those who have not read their data yet. */
export const mayBeVerdict = (type: string): boolean => types.has(type);

/**
 * The kind of verdict that an event is; undefined for what is none. What a person did to keys is none: it is in the
 * audit once, and of a bulk action it would drown all others.
 */
export function verdictKind({
  type,
  data,
}: Pick<StoredFact, 'type' | 'data'>): VerdictKind | undefined {
  switch (type) {
    case 'KeyBlacklisted':
      return 'blacklisted';
    case 'KeyCooled':
      return 'cooled';
    case 'KeyForgiven':
      return 'guard';
    case 'KeyRestored':
      if (data['reason'] === 'guard') return 'guard';
      return data['reason'] === 'probe' ? 'returned' : undefined;
    default:
      return undefined;
  }
}

/** The verdict in an event, in a sentence and in its parts; undefined for what is none, or cannot be read. */
export function readVerdict(event: StoredFact): Verdict | undefined {
  const kind = verdictKind(event);
  const fact = readFact(event);
  if (kind === undefined || fact === undefined) return undefined;
  const nothing = { rule: null, status: null, upstream: null, model: null, request_id: null };
  const of = { kind, ...nothing, until: null };
  switch (fact.type) {
    case 'KeyBlacklisted': {
      const { rule, status, upstream, model, request_id } = fact.data;
      const why = blacklistedText(fact.data);
      return { ...of, why, rule, status, upstream, model, request_id };
    }
    case 'KeyCooled': {
      const { rule, status, upstream, model, request_id, until } = fact.data;
      const why = coolingText({ model, until_ms: Date.parse(until), cause: fact.data });
      return { ...of, why, rule, status, upstream, model, request_id, until };
    }
    case 'KeyRestored': {
      const { message, taken_back: back } = fact.data;
      const why = restoredText({ message, at_ms: fact.atMs });
      return { ...of, why, rule: back?.rule ?? null, upstream: back?.upstream ?? null };
    }
    case 'KeyForgiven': {
      const { message, rule, upstream } = fact.data;
      return { ...of, why: message, rule, upstream };
    }
    default:
      return undefined;
  }
}
