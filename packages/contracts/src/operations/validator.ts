import { Type } from 'typebox';
import { GroupNameSchema } from '../group.ts';
import type { Operation } from '../operation.ts';

/** The validator's part of the admin API. */
export const validatorOperations = {
  testGroup: {
    id: 'testGroup',
    owner: 'validator',
    method: 'POST',
    path: '/api/groups/{name}/test',
    summary: 'Sends one small real request through each upstream and says what came back.',
    tag: 'groups',
    auth: 'admin',
    params: Type.Object({ name: GroupNameSchema }),
    responses: {
      200: Type.Object({
        results: Type.Array(
          Type.Object({
            upstream: Type.String(),
            ok: Type.Boolean(),
            status: Type.Union([Type.Integer(), Type.Null()]),
            message: Type.String(),
            ms: Type.Number(),
            key: Type.Union([Type.String(), Type.Null()], { description: 'masked' }),
          }),
        ),
      }),
    },
  },
} as const satisfies Record<string, Operation>;
