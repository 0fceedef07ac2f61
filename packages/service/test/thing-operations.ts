import type { Operation } from '@keymux/contracts';
import { Type } from 'typebox';

/** A small table with every kind of parameter, body and reply. */
export const operations = {
  listThings: {
    id: 'listThings',
    owner: 'config',
    method: 'GET',
    path: '/api/things',
    summary: 'Things.',
    tag: 'things',
    auth: 'admin',
    query: Type.Object(
      {
        limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000 })),
        dry_run: Type.Optional(Type.Boolean()),
        status: Type.Optional(Type.Enum(['active', 'disabled'])),
        tag: Type.Optional(Type.Array(Type.String())),
      },
      { additionalProperties: false },
    ),
    responses: { 200: Type.Object({ items: Type.Array(Type.Unknown()) }) },
  },
  createThing: {
    id: 'createThing',
    owner: 'config',
    method: 'POST',
    path: '/api/things',
    summary: 'A new thing.',
    tag: 'things',
    auth: 'admin',
    body: {
      json: Type.Object(
        {
          name: Type.String({ pattern: '^[a-z]+$', description: 'Lower case letters.' }),
          max_retries: Type.Optional(
            Type.Union([Type.Integer({ minimum: 0, maximum: 100 }), Type.Null()]),
          ),
          upstreams: Type.Optional(
            Type.Array(
              Type.Object(
                { url: Type.String({ minLength: 1 }), weight: Type.Integer() },
                { additionalProperties: false },
              ),
              { maxItems: 3 },
            ),
          ),
        },
        { additionalProperties: false },
      ),
    },
    responses: { 201: Type.Object({ name: Type.String() }) },
  },
  orderThings: {
    id: 'orderThings',
    owner: 'config',
    method: 'PUT',
    path: '/api/things/order',
    summary: 'Order.',
    tag: 'things',
    auth: 'admin',
    body: { json: Type.Array(Type.String(), { uniqueItems: true }) },
    responses: { 204: 'empty' },
  },
  getThing: {
    id: 'getThing',
    owner: 'config',
    method: 'GET',
    path: '/api/things/{name}',
    summary: 'One thing.',
    tag: 'things',
    auth: 'admin',
    params: Type.Object({ name: Type.String({ pattern: '^[a-z ]+$' }) }),
    responses: { 200: Type.Object({ name: Type.String() }) },
  },
  importThings: {
    id: 'importThings',
    owner: 'config',
    method: 'POST',
    path: '/api/things/{name}/import',
    summary: 'Text or JSON.',
    tag: 'things',
    auth: 'admin',
    params: Type.Object({ name: Type.String() }),
    body: { text: true, json: Type.Object({ keys: Type.Array(Type.String()) }) },
    responses: { 200: 'text' },
  },
  open: {
    id: 'open',
    owner: 'config',
    method: 'POST',
    path: '/api/open',
    summary: 'For everybody.',
    tag: 'things',
    auth: 'none',
    responses: { 200: Type.Object({ actor: Type.String() }) },
  },
  misbehave: {
    id: 'misbehave',
    owner: 'config',
    method: 'GET',
    path: '/api/misbehave/{how}',
    summary: 'Bugs.',
    tag: 'things',
    auth: 'none',
    params: Type.Object({ how: Type.String() }),
    responses: { 200: Type.Object({ n: Type.Integer() }) },
  },
} as const satisfies Record<string, Operation>;
