import { type FieldDiff, newGroupSchema } from '../api/generated.ts';
import { valueText } from './value-text.ts';

/** What stands for a side of a change: a text, an empty value, the value of the layer below, or nothing at all. */
export type Side = { readonly text: string } | 'empty' | 'inherited' | null;

const isOfGroup = (field: string): boolean =>
  Object.hasOwn(newGroupSchema.properties, field.split('.').at(-1) ?? '');

/**
 * The two sides of a changed field. What is not set inherits where there is something to inherit from: the fields of a
 * group that begins or ends have nothing on their other side.
 */
export function sidesOf({ field, before, after }: FieldDiff): { before: Side; after: Side } {
  const side = (value: unknown): Side => {
    if (value === null || value === undefined) return isOfGroup(field) ? null : 'inherited';
    const text = valueText(value);
    return text === '' ? 'empty' : { text };
  };
  return { before: side(before), after: side(after) };
}
