import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { KeyCommand, KeyFact } from './command.ts';
import { decide } from './decide.ts';
import { evolve } from './evolve.ts';
import { initialState, isLive, type KeyState } from './state.ts';

const startMs = Date.parse('2026-01-01T00:00:00.000Z');
const iso = (ms: number): string => new Date(ms).toISOString();
const imported: KeyFact = {
  type: 'KeyImported',
  data: { group: 'g', sealed: 's', fingerprint: 'f', masked: 'm', task_id: null },
  atMs: startMs,
};
const apply = (state: KeyState, command: KeyCommand): KeyState =>
  decide(state, command).reduce(evolve, state);

const kinds = fc.constantFrom('count', 'blacklist', 'cooldown', 'ok', 'disable', 'enable', 'undo');
const drawn = fc.record({
  kind: kinds,
  rule: fc.constantFrom('a', 'b'),
  status: fc.constantFrom(401, 429),
  model: fc.constantFrom('m', 'n', null),
  upstream: fc.constantFrom('https://u', 'https://v'),
});
type Drawn = typeof drawn extends fc.Arbitrary<infer T> ? T : never;

const verdictsOf = ({ rule, status, upstream }: Drawn) => ({
  rule: rule === 'a' ? rule : null,
  status: status === 401 ? status : null,
  upstream: upstream === 'https://v' ? upstream : null,
  from: iso(0),
  to: iso(startMs * 2),
});

function commandOf(each: Drawn, n: number): KeyCommand {
  const nowMs = startMs + (n + 1) * 1_000;
  switch (each.kind) {
    case 'ok':
      return {
        kind: 'hear-success',
        outcome: { kind: 'success', key_id: 'k', at: iso(nowMs), count: 1, request_id: 'r' },
        nowMs,
      };
    case 'disable':
    case 'enable':
      return { kind: each.kind, nowMs };
    case 'undo':
      return { kind: 'undo', undoId: `u${n}`, verdicts: verdictsOf(each), nowMs };
    default: {
      const { kind: verdict, rule, status, upstream, model } = each;
      const until = verdict === 'cooldown' ? iso(nowMs + 3_600_000) : null;
      const of = { rule, status, upstream, model, until, message: '', request_id: `r${n}` };
      return {
        kind: 'hear-failure',
        outcome: { kind: 'failure', key_id: 'k', at: iso(nowMs), verdict, ...of },
        threshold: 2,
        nowMs,
      };
    }
  }
}

const after = (history: readonly Drawn[]): KeyState =>
  history.reduce<KeyState>(
    (state, each, n) => apply(state, commandOf(each, n)),
    evolve(initialState, imported),
  );

it('is nothing when it is taken back, whatever happened before', () => {
  fc.assert(
    fc.property(fc.array(drawn, { maxLength: 30 }), drawn, (history, each) => {
      const before = after(history);
      const nowMs = startMs + 100_000;
      const undo: KeyCommand = {
        kind: 'undo',
        undoId: 'this',
        verdicts: verdictsOf(each),
        nowMs,
      };
      const undone = apply(before, undo);
      if (undone === before) return;
      const back = apply(undone, { kind: 'revert-undo', undoId: 'this', nowMs: nowMs + 1 });
      expect(back).toEqual(before);
      // Done again it is what it was the first time.
      expect(apply(back, undo)).toEqual(undone);
    }),
    { numRuns: 500 },
  );
});

it('cannot be taken back any more when something else changed the key', () => {
  fc.assert(
    fc.property(fc.array(drawn, { maxLength: 20 }), drawn, drawn, (history, each, next) => {
      const nowMs = startMs + 100_000;
      const verdicts = verdictsOf(each);
      const undone = apply(after(history), { kind: 'undo', undoId: 'this', verdicts, nowMs });
      const changed = apply(undone, commandOf(next, 200));
      if (changed === undone || !isLive(changed)) return;
      const back = apply(changed, { kind: 'revert-undo', undoId: 'this', nowMs: nowMs * 2 });
      expect(back).toEqual(changed);
    }),
  );
});
