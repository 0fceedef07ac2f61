type Schema = Readonly<Record<string, unknown>>;

/** What is wrong with a value, as the server's schema has it; a message key's end and what fills it. */
export interface Wrong {
  readonly field: string;
  readonly kind: 'required' | 'pattern' | 'short' | 'long' | 'range' | 'kind';
  readonly min?: number;
  readonly max?: number;
}

const isFields = (value: unknown): value is Schema =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const asNumber = (value: unknown): number | undefined =>
  typeof value === 'number' ? value : undefined;

/** Checks a value by the part of JSON Schema that our contracts use; empty when all is well. */
export function check(schema: unknown, value: unknown, field = ''): readonly Wrong[] {
  if (!isFields(schema)) return [];
  const { anyOf, enum: values } = schema;
  if (Array.isArray(anyOf)) {
    const tries = anyOf.map((each) => check(each, value, field));
    return tries.find((each) => each.length === 0) ?? tries[0] ?? [];
  }
  if (Array.isArray(values)) return values.includes(value) ? [] : [{ field, kind: 'kind' }];
  switch (schema['type']) {
    case 'string':
      return typeof value === 'string'
        ? checkText(schema, value, field)
        : [{ field, kind: 'kind' }];
    case 'integer':
    case 'number':
      return checkNumber(schema, value, field);
    case 'boolean':
      return typeof value === 'boolean' ? [] : [{ field, kind: 'kind' }];
    case 'null':
      return value === null ? [] : [{ field, kind: 'kind' }];
    case 'array':
      return Array.isArray(value)
        ? value.flatMap((each, at) => check(schema['items'], each, `${field}.${at}`))
        : [{ field, kind: 'kind' }];
    case 'object':
      return isFields(value) ? checkFields(schema, value, field) : [{ field, kind: 'kind' }];
    default:
      return [];
  }
}

function checkText(schema: Schema, value: string, field: string): Wrong[] {
  const { pattern } = schema;
  const min = asNumber(schema['minLength']) ?? 0;
  const max = asNumber(schema['maxLength']) ?? Number.POSITIVE_INFINITY;
  if (value.length < min) return [{ field, kind: value === '' ? 'required' : 'short', min }];
  if (value.length > max) return [{ field, kind: 'long', max }];
  if (typeof pattern !== 'string' || new RegExp(pattern).test(value)) return [];
  return [{ field, kind: value === '' ? 'required' : 'pattern' }];
}

function checkNumber(schema: Schema, value: unknown, field: string): Wrong[] {
  if (typeof value !== 'number' || Number.isNaN(value)) return [{ field, kind: 'kind' }];
  if (schema['type'] === 'integer' && !Number.isInteger(value)) return [{ field, kind: 'kind' }];
  const min = asNumber(schema['minimum']) ?? Number.NEGATIVE_INFINITY;
  const max = asNumber(schema['maximum']) ?? Number.POSITIVE_INFINITY;
  return value < min || value > max ? [{ field, kind: 'range', min, max }] : [];
}

function checkFields(schema: Schema, value: Schema, field: string): Wrong[] {
  const properties = isFields(schema['properties']) ? schema['properties'] : {};
  const required = Array.isArray(schema['required']) ? schema['required'] : [];
  const under = (name: string): string => (field === '' ? name : `${field}.${name}`);
  return Object.entries(properties).flatMap(([name, each]) => {
    if (value[name] !== undefined) return check(each, value[name], under(name));
    return required.includes(name) ? [{ field: under(name), kind: 'required' as const }] : [];
  });
}
