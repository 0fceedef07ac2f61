import type { TSchema } from 'typebox';
import { Value } from 'typebox/value';
import type { FieldError } from './problem.ts';

const mostErrors = 50;

type Fields = Record<string, unknown>;

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const fieldsOf = (value: unknown): Fields => (isFields(value) ? value : {});

function branchesOf(schema: Fields): Fields[] | undefined {
  const branches = schema['anyOf'] ?? schema['oneOf'];
  return Array.isArray(branches) ? branches.filter(isFields) : undefined;
}

const quoted = (value: unknown) => (typeof value === 'string' ? value : JSON.stringify(value));

function range(schema: Fields): string {
  const { minimum, maximum } = schema;
  if (minimum !== undefined && maximum !== undefined) return ` from ${minimum} to ${maximum}`;
  if (minimum !== undefined) return `, ${minimum} or more`;
  return maximum === undefined ? '' : `, ${maximum} or less`;
}

// What a value of the schema is, after "must be".
function describe(schema: Fields): string {
  const branches = branchesOf(schema);
  if (branches !== undefined) return [...new Set(branches.map(describe))].join(' or ');
  if (Array.isArray(schema['enum'])) return `one of ${schema['enum'].map(quoted).join(', ')}`;
  if ('const' in schema) return quoted(schema['const']);
  switch (schema['type']) {
    case 'integer':
      return `a whole number${range(schema)}`;
    case 'number':
      return `a number${range(schema)}`;
    case 'boolean':
      return 'true or false';
    case 'string':
      return 'text';
    case 'array':
      return 'a list';
    case 'object':
      return 'an object';
    case 'null':
      return 'null';
    default:
      return 'something else';
  }
}

function textSentence(schema: Fields, value: string): string {
  const { minLength, maxLength, pattern, description, format } = schema;
  if (typeof minLength === 'number' && value.length < minLength) {
    return minLength === 1 ? 'must not be empty' : `must have at least ${minLength} characters`;
  }
  if (typeof maxLength === 'number' && value.length > maxLength) {
    return `must have at most ${maxLength} characters`;
  }
  if (typeof description === 'string' && pattern !== undefined) {
    return `has the wrong form. ${description}`;
  }
  if (pattern !== undefined) return `must match ${String(pattern)}`;
  return format === undefined ? 'is not right' : `must be a ${String(format)}`;
}

function listSentence(schema: Fields, list: readonly unknown[]): string | undefined {
  const { minItems, maxItems, uniqueItems } = schema;
  if (typeof minItems === 'number' && list.length < minItems) {
    return minItems === 1 ? 'must not be empty' : `must have at least ${minItems} entries`;
  }
  if (typeof maxItems === 'number' && list.length > maxItems) {
    return `must have at most ${maxItems} entries`;
  }
  const different = new Set(list.map((each) => JSON.stringify(each))).size;
  return uniqueItems === true && different < list.length ? 'must not repeat an entry' : undefined;
}

const join = (path: string, name: string) => (path === '' ? name : `${path}.${name}`);

/**
 * Says in sentences which fields of `value` do not fit `schema`; empty when it fits. `root` names the whole value, and
 * `noun` what it consists of (field, parameter).
 */
export function explainErrors(
  schema: TSchema,
  value: unknown,
  { root, noun }: { root: string; noun: string },
): FieldError[] {
  const errors: FieldError[] = [];
  const say = (path: string, message: string) => {
    if (errors.length < mostErrors) errors.push({ field: path === '' ? root : path, message });
  };

  function visitObject(object: Fields, held: Fields, path: string): void {
    const properties = fieldsOf(object['properties']);
    const patterns = Object.entries(fieldsOf(object['patternProperties']));
    const required = Array.isArray(object['required']) ? object['required'].map(String) : [];
    for (const name of required) {
      if (!Object.hasOwn(held, name)) say(join(path, name), 'is required');
    }
    for (const [name, inner] of Object.entries(held)) {
      const property = Object.hasOwn(properties, name) ? properties[name] : undefined;
      const rule = property ?? patterns.find(([pattern]) => new RegExp(pattern).test(name))?.[1];
      if (rule !== undefined) visit(fieldsOf(rule), inner, join(path, name));
      else if (object['additionalProperties'] === false) {
        say(join(path, name), `is not a known ${noun}`);
      }
    }
  }

  function visitList(rule: Fields, list: readonly unknown[], path: string): void {
    const sentence = listSentence(rule, list);
    if (sentence !== undefined) say(path, sentence);
    else list.forEach((each, index) => visit(fieldsOf(rule['items']), each, `${path}[${index}]`));
  }

  function visitUnion(branches: readonly Fields[], held: unknown, path: string): void {
    const meant = branches.filter((branch) => branch['type'] !== 'null');
    const sameKind = meant.filter((branch) => describesKindOf(branch, held));
    const [only] = meant.length === 1 ? meant : sameKind.length === 1 ? sameKind : [];
    if (only === undefined) say(path, `must be ${describe({ anyOf: branches })}`);
    else visit(only, held, path);
  }

  function visit(rule: Fields, held: unknown, path: string): void {
    if (errors.length >= mostErrors || Value.Check(rule, held)) return;
    const before = errors.length;
    const branches = branchesOf(rule);
    const list: unknown[] | undefined = Array.isArray(held) ? held : undefined;
    if (branches !== undefined) visitUnion(branches, held, path);
    else if (rule['type'] === 'object' && isFields(held)) visitObject(rule, held, path);
    else if (rule['type'] === 'array' && list !== undefined) visitList(rule, list, path);
    else if (rule['type'] === 'string' && typeof held === 'string' && !('const' in rule)) {
      say(path, textSentence(rule, held));
    }
    if (errors.length === before) say(path, `must be ${describe(rule)}`);
  }

  visit(fieldsOf(schema), value, '');
  return errors;
}

function describesKindOf(schema: Fields, value: unknown): boolean {
  if (Array.isArray(value)) return schema['type'] === 'array';
  if (isFields(value)) return schema['type'] === 'object';
  if (typeof value === 'number') return schema['type'] === 'integer' || schema['type'] === 'number';
  return schema['type'] === typeof value;
}
