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

/** The same of something that comes or goes as a whole: without the fields that say nothing. */
export function diffWhole(
  before: Readonly<Record<string, unknown>>,
  after: Readonly<Record<string, unknown>>,
  shown: (field: string, value: unknown) => unknown,
): FieldDiff[] {
  return diffFields(before, after, shown).filter(
    (each) => !saysNothing(each.before) || !saysNothing(each.after),
  );
}

function saysNothing(value: unknown): boolean {
  if (typeof value === 'object' && value !== null) return Object.keys(value).length === 0;
  return value === null || value === '' || value === false;
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
