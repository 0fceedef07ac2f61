import { Type } from 'typebox';
import type { Operation } from '../operation.ts';

/** What the edge answers itself. */
export const edgeOperations = {
  openApi: {
    id: 'openApi',
    owner: 'edge',
    method: 'GET',
    path: '/api/openapi.json',
    summary: 'This API as an OpenAPI 3.1 document.',
    tag: 'api',
    auth: 'none',
    responses: { 200: Type.Record(Type.String(), Type.Unknown()) },
  },
} as const satisfies Record<string, Operation>;
