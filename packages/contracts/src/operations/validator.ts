import { Type } from 'typebox';
import { ChannelNameSchema } from '../channel.ts';
import { GroupNameSchema, NewGroupSchema, UpstreamSchema } from '../group.ts';
import type { Operation } from '../operation.ts';

const results = Type.Array(
  Type.Object({
    upstream: Type.String(),
    ok: Type.Boolean(),
    status: Type.Union([Type.Integer(), Type.Null()]),
    message: Type.String(),
    ms: Type.Number(),
    key: Type.Union([Type.String(), Type.Null()], { description: 'masked' }),
  }),
);
const { test_model, validation_endpoint } = NewGroupSchema.properties;
const { param_overrides, header_rules, model_redirect_rules } = NewGroupSchema.properties;

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
    responses: { 200: Type.Object({ results }) },
  },
  testUpstreams: {
    id: 'testUpstreams',
    owner: 'validator',
    method: 'POST',
    path: '/api/upstreams/test',
    summary:
      'Tests upstreams as a group that is not saved yet would use them, and lists the models.',
    tag: 'groups',
    auth: 'admin',
    body: {
      json: Type.Object(
        {
          channel: ChannelNameSchema,
          upstreams: Type.Array(UpstreamSchema, { minItems: 1, maxItems: 100 }),
          test_model,
          validation_endpoint,
          param_overrides,
          header_rules,
          model_redirect_rules,
          key: Type.Optional(
            Type.String({
              minLength: 1,
              maxLength: 4096,
              pattern: '^[\\x21-\\x7e]+$',
              description: 'not kept',
            }),
          ),
          group: Type.Optional(
            Type.String({
              ...GroupNameSchema,
              description:
                'whose settings apply; without `key` one of its keys is sent to those of its upstreams that are saved',
            }),
          ),
        },
        { additionalProperties: false },
      ),
    },
    responses: {
      200: Type.Object({
        results,
        models: Type.Union([Type.Array(Type.String()), Type.Null()], {
          description: 'null when no upstream says',
        }),
      }),
    },
  },
} as const satisfies Record<string, Operation>;
