import { isDeepStrictEqual } from 'node:util';
import type { FieldDiff } from '@keymux/contracts';

/** Fields whose values are secrets: a diff says that they changed, not what they are. */
const secretFields: ReadonlySet<string> = new Set(['proxy_keys']);

/** What changed, field by field; fields of `config` on their own. */
export function diffFields(
  before: Readonly<Record<string, unknown>>,
  after: Readonly<Record<string, unknown>>,
): FieldDiff[] {
  return [...new Set([...Object.keys(before), ...Object.keys(after)])].flatMap((field) => {
    const old = before[field];
    const now = after[field];
    if (isDeepStrictEqual(old, now)) return [];
    if (field === 'config') {
      return diffFields({ ...asRecord(old) }, { ...asRecord(now) }).map((each) => ({
        ...each,
        field: `config.${each.field}`,
      }));
    }
    if (secretFields.has(field)) return [{ field, before: '•••', after: '•••' }];
    return [{ field, before: old ?? null, after: now ?? null }];
  });
}

function asRecord(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}
