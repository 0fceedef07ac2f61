import { ProblemDetailsSchema, type Operation } from '@keymux/contracts';
import type { TSchema } from 'typebox';

type Json = Record<string, unknown>;

const mediaTypes: Readonly<Record<string, string>> = {
  text: 'text/plain',
  csv: 'text/csv',
  ndjson: 'application/x-ndjson',
  sse: 'text/event-stream',
};

function isFields(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

// Schemas are compared by what they say: building one from another may copy it.
function createComponents(named: Readonly<Record<string, TSchema>>) {
  const names = new Map(Object.entries(named).map(([name, each]) => [JSON.stringify(each), name]));
  const used = new Map<string, Json>();

  function inner(value: unknown): unknown {
    if (Array.isArray(value)) return value.map(inner);
    if (!isFields(value)) return value;
    const name = typeof value['$id'] === 'string' ? value['$id'] : names.get(JSON.stringify(value));
    if (name === undefined) return copy(value);
    if (!used.has(name)) {
      used.set(name, {});
      const { $id: _, ...rest } = copy(value);
      used.set(name, rest);
    }
    return { $ref: `#/components/schemas/${name}` };
  }

  function copy(value: Json): Json {
    return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, inner(each)]));
  }

  return {
    refer: (schema: unknown) => inner(schema),
    schemas: () => Object.fromEntries([...used].sort(([a], [b]) => a.localeCompare(b))),
  };
}

type Refer = (schema: unknown) => unknown;

function parameters(schema: TSchema | undefined, where: 'path' | 'query', refer: Refer): Json[] {
  if (!isFields(schema) || !isFields(schema['properties'])) return [];
  const required = Array.isArray(schema['required']) ? schema['required'] : [];
  return Object.entries(schema['properties']).map(([name, property]) => ({
    name,
    in: where,
    required: where === 'path' || required.includes(name),
    ...(isFields(property) && typeof property['description'] === 'string'
      ? { description: property['description'] }
      : {}),
    schema: refer(property),
  }));
}

function requestBody(body: NonNullable<Operation['body']>, refer: Refer): Json {
  const binary = { type: 'string', format: 'binary' };
  const upload = { type: 'object', properties: { file: binary } };
  const anything = body.stream === true && body.json === undefined && body.text !== true;
  return {
    required: true,
    content: {
      ...(body.json === undefined ? {} : { 'application/json': { schema: refer(body.json) } }),
      ...(anything ? { 'application/json': { schema: { type: 'object' } } } : {}),
      ...(body.text === true || anything ? { 'text/plain': { schema: { type: 'string' } } } : {}),
      ...(body.multipart === true || anything ? { 'multipart/form-data': { schema: upload } } : {}),
    },
  };
}

function response(form: unknown, refer: Refer): Json {
  if (form === 'empty') return { description: 'Done' };
  const type = typeof form === 'string' ? (mediaTypes[form] ?? 'text/plain') : 'application/json';
  const schema = typeof form === 'string' ? { type: 'string' } : refer(form);
  return { description: 'Success', content: { [type]: { schema } } };
}

function operationObject(operation: Operation, refer: Refer): Json {
  const all = [
    ...parameters(operation.params, 'path', refer),
    ...parameters(operation.query, 'query', refer),
  ];
  const success = Object.entries(operation.responses).map(([status, form]) => [
    status,
    response(form, refer),
  ]);
  return {
    operationId: operation.id,
    summary: operation.summary,
    tags: [operation.tag],
    ...(operation.auth === 'none' ? { security: [] } : {}),
    ...(all.length === 0 ? {} : { parameters: all }),
    ...(operation.body === undefined ? {} : { requestBody: requestBody(operation.body, refer) }),
    responses: {
      ...Object.fromEntries(success),
      default: {
        description: 'Problem details (RFC 9457)',
        content: { 'application/problem+json': { schema: refer(ProblemDetailsSchema) } },
      },
    },
  };
}

/**
 * Makes the OpenAPI 3.1 document of a table of operations. A schema that is in `schemas`, or has an `$id`, becomes a
 * component of that name; all others stand where they are used.
 */
export function openApiDocument(
  operations: readonly Operation[],
  { version, schemas = {} }: { version: string; schemas?: Readonly<Record<string, TSchema>> },
): Json {
  const components = createComponents({ ...schemas, Problem: ProblemDetailsSchema });
  const paths: Record<string, Json> = {};
  for (const operation of operations) {
    const path = (paths[operation.path] ??= {});
    path[operation.method.toLowerCase()] = operationObject(operation, components.refer);
  }
  return {
    openapi: '3.1.0',
    info: { title: 'Keymux admin API', version },
    jsonSchemaDialect: 'https://json-schema.org/draft/2020-12/schema',
    security: [{ bearer: [] }, { session: [] }],
    tags: [...new Set(operations.map((each) => each.tag))].map((name) => ({ name })),
    paths,
    components: {
      schemas: components.schemas(),
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer', description: 'AUTH_KEY' },
        session: { type: 'apiKey', in: 'cookie', name: 'keymux_session' },
      },
    },
  };
}
