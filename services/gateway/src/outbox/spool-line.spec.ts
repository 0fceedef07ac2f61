import type { KeyOutcome } from '@keymux/contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { batchMessages } from './batch-messages.ts';
import { foldLines, LineFold, lineText, type SpoolLine } from './spool-line.ts';

const rowOf = (group: string, keyId: string | null, requestId: string): SpoolLine => ({
  kind: 'row',
  group,
  keyId,
  requestId,
  time: `t-${requestId}`,
  json: `{"request_id":"${requestId}"}`,
});
const row = (group: string, keyId: string | null, requestId: string) =>
  lineText(rowOf(group, keyId, requestId));
const outcomeLine = (group: string, outcome: KeyOutcome) =>
  lineText({ kind: 'outcome', group, outcome });

const failure = (keyId: string): KeyOutcome => ({
  kind: 'failure',
  key_id: keyId,
  at: 't',
  verdict: 'count',
  rule: 'unauthorized',
  status: 401,
  message: 'no\ttabs\nor newlines',
  upstream: 'u',
  model: null,
  until: null,
  request_id: 'r',
});

describe('the lines of a batch', () => {
  it('fold successes by key, with counts that add up', () => {
    const { groups } = foldLines([row('a', 'k1', '1'), row('a', 'k2', '2'), row('a', 'k1', '3')]);
    expect(groups).toHaveLength(1);
    expect(groups[0]?.outcomes).toEqual([
      { kind: 'success', key_id: 'k1', at: 't-3', count: 2, request_id: '3' },
      { kind: 'success', key_id: 'k2', at: 't-2', count: 1, request_id: '2' },
    ]);
    expect(groups[0]?.rows.text()).toBe(
      ['1', '2', '3'].map((id) => `{"request_id":"${id}"}\n`).join(''),
    );
  });

  it('keep the order of success and failure of one key', () => {
    const { groups } = foldLines([
      row('a', 'k1', '1'),
      outcomeLine('a', failure('k1')),
      row('a', 'k1', '2'),
    ]);
    expect(groups[0]?.outcomes.map(({ kind }) => kind)).toEqual(['success', 'failure', 'success']);
  });

  it('keep a row without a key out of the outcomes', () => {
    const { groups } = foldLines([row('-', null, '1')]);
    expect(groups[0]).toMatchObject({ group: '-', outcomes: [] });
    expect(groups[0]?.rows.text()).toBe('{"request_id":"1"}\n');
  });

  it('say which lines cannot be read, and lose no other', () => {
    const { groups, unreadable } = foldLines(['what', 'r\tonly', row('a', null, '1')]);
    expect(unreadable).toEqual(['what', 'r\tonly']);
    expect(groups[0]?.rows.count).toBe(1);
  });

  it('become the same payloads whether they were read from the disk or not', () => {
    const lines: SpoolLine[] = [
      rowOf('a', 'k1', '1'),
      { kind: 'outcome', group: 'a', outcome: failure('k1') },
      rowOf('b', null, '2'),
    ];
    const fold = new LineFold();
    for (const line of lines) fold.add(line);
    const place = { producer: 'p', number: 1, ackedThrough: 0 };
    const origin = { source: 's', time: 't' };
    expect(batchMessages(fold.groups(), place, origin)).toEqual(
      batchMessages(foldLines(lines.map(lineText)).groups, place, origin),
    );
  });

  it('say nothing of the batch before', () => {
    const fold = new LineFold();
    fold.add(rowOf('a', 'k1', '1'));
    fold.add(rowOf('b', 'k2', '2'));
    const [first] = fold.groups();
    expect(first?.rows.text()).toBe('{"request_id":"1"}\n');
    fold.clear();
    expect(fold.groups()).toEqual([]);
    fold.add(rowOf('b', 'k2', '3'));
    const groups = fold.groups();
    expect(groups.map(({ group, rows }) => [group, rows.text()])).toEqual([
      ['b', '{"request_id":"3"}\n'],
    ]);
    expect(groups[0]?.outcomes).toMatchObject([{ count: 1, request_id: '3' }]);
  });

  it('count every success exactly once, however they mix', () => {
    const line = fc.record({
      group: fc.constantFrom('a', 'b'),
      key: fc.constantFrom('k1', 'k2'),
      failed: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(line), (lines) => {
        const { groups } = foldLines(
          lines.map(({ group, key, failed }, at) =>
            failed ? outcomeLine(group, failure(key)) : row(group, key, String(at)),
          ),
        );
        const outcomes = groups.flatMap((each) => each.outcomes);
        const successes = outcomes.reduce(
          (sum, each) => sum + (each.kind === 'success' ? each.count : 0),
          0,
        );
        expect(successes).toBe(lines.filter(({ failed }) => !failed).length);
        expect(outcomes.filter(({ kind }) => kind === 'failure')).toHaveLength(
          lines.filter(({ failed }) => failed).length,
        );
      }),
    );
  });
});
