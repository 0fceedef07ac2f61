import type { FieldDiff } from '@keymux/contracts';
import { Value } from 'typebox/value';

/** What changed, field by field; fields of `config` on their own. `shown` masks what is secret. */
export function diffFields(
  before: Readonly<Record<string, unknown>>,
  after: Readonly<Record<string, unknown>>,
  shown: (field: string, value: unknown) => unknown,
): FieldDiff[] {
  return diffUnder('', before, after).map((each) => ({
    field: each.field,
    before: shown(each.field, each.before),
    after: shown(each.field, each.after),
  }));
}

function diffUnder(
  prefix: string,
  before: Readonly<Record<string, unknown>>,
  after: Readonly<Record<string, unknown>>,
): FieldDiff[] {
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...names].flatMap((name) => {
    const old = before[name] ?? null;
    const now = after[name] ?? null;
    if (Value.Equal(old, now)) return [];
    const field = prefix + name;
    if (field === 'config') return diffUnder('config.', asRecord(old), asRecord(now));
    return [{ field, before: old, after: now }];
  });
}

function asRecord(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}
