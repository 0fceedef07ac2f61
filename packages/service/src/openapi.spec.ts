import { operations, TaskSchema, type Operation } from '@keymux/contracts';
import { Type } from 'typebox';
import { describe, expect, it } from 'vitest';
import { openApiDocument } from './openapi.ts';

const Thing = Type.Object({ name: Type.String() });
const table: Operation[] = [
  {
    id: 'changeThing',
    owner: 'config',
    method: 'PATCH',
    path: '/api/things/{name}',
    summary: 'Changes a thing.',
    tag: 'things',
    auth: 'admin',
    params: Type.Object({ name: Type.String({ description: 'its name' }) }),
    query: Type.Object({ dry_run: Type.Optional(Type.Boolean()), n: Type.Integer() }),
    body: { json: Thing, text: true },
    responses: { 200: Type.Object({ items: Type.Array(Thing) }), 204: 'empty' },
  },
  {
    id: 'tail',
    owner: 'logsink',
    method: 'GET',
    path: '/api/tail',
    summary: 'Live.',
    tag: 'live',
    auth: 'none',
    responses: { 200: 'sse' },
  },
];

describe('openApiDocument', () => {
  const document = openApiDocument(table, { version: '1.2.3', schemas: { Thing } });

  it('describes each operation by its row', () => {
    expect(document).toMatchObject({
      openapi: '3.1.0',
      info: { version: '1.2.3' },
      paths: {
        '/api/things/{name}': {
          patch: {
            operationId: 'changeThing',
            summary: 'Changes a thing.',
            tags: ['things'],
            parameters: [
              { name: 'name', in: 'path', required: true, description: 'its name' },
              { name: 'dry_run', in: 'query', required: false, schema: { type: 'boolean' } },
              { name: 'n', in: 'query', required: true, schema: { type: 'integer' } },
            ],
            requestBody: {
              content: {
                'application/json': { schema: { $ref: '#/components/schemas/Thing' } },
                'text/plain': {},
              },
            },
            responses: {
              200: {
                content: {
                  'application/json': {
                    schema: {
                      properties: { items: { items: { $ref: '#/components/schemas/Thing' } } },
                    },
                  },
                },
              },
              204: { description: 'Done' },
              default: {
                content: {
                  'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } },
                },
              },
            },
          },
        },
        '/api/tail': {
          get: { security: [], responses: { 200: { content: { 'text/event-stream': {} } } } },
        },
      },
    });
    expect(document['components']).toMatchObject({
      schemas: { Thing: { type: 'object', required: ['name'] }, Problem: {} },
    });
  });

  it('is pure: the same table makes the same document', () => {
    expect(openApiDocument(table, { version: '1.2.3', schemas: { Thing } })).toEqual(document);
  });

  it('describes the whole admin API, each id once, each path parameter declared', () => {
    const whole = openApiDocument(operations, { version: '1', schemas: { Task: TaskSchema } });
    expect(JSON.stringify(whole)).toContain('"$ref":"#/components/schemas/Task"');
    expect(new Set(operations.map((each) => each.id)).size).toBe(operations.length);
    for (const { path, params } of operations) {
      const named = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
      const properties =
        params !== undefined && 'properties' in params
          ? Object.keys(Object(params.properties))
          : [];
      expect(properties).toEqual(named);
    }
  });
});
