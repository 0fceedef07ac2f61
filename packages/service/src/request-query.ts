import type { TSchema } from 'typebox';
import type { FieldError } from './problem.ts';

function isFields(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function typesOf(schema: unknown): unknown[] {
  if (!isFields(schema)) return [];
  return Array.isArray(schema['anyOf']) ? schema['anyOf'].flatMap(typesOf) : [schema['type']];
}

// What cannot be coerced stays text, and the check says what it should have been.
function coerce(schema: unknown, text: string): unknown {
  const types = typesOf(schema);
  const number = types.includes('integer') || types.includes('number');
  if (number && /^-?\d{1,15}(\.\d+)?$/.test(text)) return Number(text);
  if (types.includes('boolean') && (text === 'true' || text === 'false')) return text === 'true';
  return text;
}

/** Turns text parameters into the types that `schema` gives them; a parameter given twice is an error unless it is a list. */
export function coerceTexts(
  schema: TSchema | undefined,
  entries: Iterable<readonly [string, string]>,
): { values: Record<string, unknown>; errors: FieldError[] } {
  const properties = isFields(schema) && isFields(schema['properties']) ? schema['properties'] : {};
  const values = new Map<string, unknown>();
  const errors: FieldError[] = [];
  for (const [name, text] of entries) {
    const property = Object.hasOwn(properties, name) ? properties[name] : undefined;
    const before = values.get(name);
    if (isFields(property) && property['type'] === 'array') {
      const value = coerce(property['items'], text);
      values.set(name, Array.isArray(before) ? [...before, value] : [value]);
    } else if (values.has(name)) {
      errors.push({ field: name, message: 'is given more than once' });
    } else {
      values.set(name, coerce(property, text));
    }
  }
  // fromEntries defines own properties, `__proto__` too, which the check then refuses.
  return { values: Object.fromEntries(values), errors };
}
