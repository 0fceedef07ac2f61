import { expect, it } from 'vitest';
import { createMemoryRoster } from './memory-roster.fixture.ts';
import { keymanagerMigrations } from './tables.ts';

const failing = {
  kind: 'failure',
  rule: 'r',
  status: 401,
  message: '',
  upstream: 'https://u',
} as const;
const at = '2026-01-01T00:00:00Z';

it('finds the verdicts of a house that was there before they were kept apart', async () => {
  const roster = createMemoryRoster();
  const [a = '', b = ''] = await roster.addKeys('g', [
    'sk-verdict-one-0123',
    'sk-verdict-two-0123',
  ]);
  const of = { ...failing, at, model: null, request_id: 'r1' };
  const nowMs = roster.clock.now();
  const origin = { cause: 'c', actor: 'gateway' };
  const until = '2026-01-01T00:05:00Z';
  await roster.ledger.write({ keyIds: [a, b] }, (unit) => {
    const hear = { kind: 'hear-failure', threshold: 1, nowMs } as const;
    const count = { ...of, key_id: a, verdict: 'count', until: null } as const;
    const rest = { ...of, key_id: b, verdict: 'cooldown', until } as const;
    const guard = { at, since: at, key_ids: [a, b], upstream: of.upstream };
    const check = { ok: true, status: 200, message: '' };
    unit.apply(a, { ...hear, outcome: count }, origin);
    unit.apply(b, { ...hear, outcome: rest }, origin);
    const heard = { ...guard, kind: 'guard' as const, rule: of.rule, status: of.status };
    unit.apply(b, { kind: 'hear-guard', outcome: heard, nowMs }, origin);
    unit.apply(a, { kind: 'hear-check', check, at, passing: 'restores', nowMs }, origin);
    unit.apply(b, { kind: 'hear-failure', threshold: 0, nowMs, outcome: rest }, origin);
    unit.apply(b, { kind: 'restore', message: 'me', nowMs }, origin);
  });
  const list = () => roster.verdicts.page({ before: null, limit: 10 });
  const kinds = () => roster.db.prepare('SELECT kind FROM verdicts ORDER BY position').all();
  const [before, kept] = [await list(), kinds()];
  expect(new Set(kept.map((row) => row['kind']))).toEqual(
    new Set(['blacklisted', 'cooled', 'returned', 'guard']),
  );
  roster.db.exec('DROP TABLE verdicts');
  const { up } = keymanagerMigrations.find(({ version }) => version === 5) ?? {};
  if (typeof up === 'string') roster.db.exec(up);
  expect(kinds()).toEqual(kept);
  expect(await list()).toEqual(before);
});
