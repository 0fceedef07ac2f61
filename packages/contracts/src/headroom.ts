import { Type, type Static } from 'typebox';

/** What a provider still allows of one thing, as its last answer told. */
export const AllowedSchema = Type.Object({
  remaining: Type.Number(),
  limit: Type.Union([Type.Number(), Type.Null()]),
  reset: Type.Union([Type.String(), Type.Null()], {
    description: 'ISO 8601: when all of it is there again',
  }),
});
export type Allowed = Static<typeof AllowedSchema>;

/** What remains of a key for a model; of several limits of a kind the one nearest to its end. */
export const HeadroomSchema = Type.Object({
  model: Type.String(),
  at: Type.String({ description: 'ISO 8601: when the provider told it' }),
  requests: Type.Union([AllowedSchema, Type.Null()]),
  tokens: Type.Union([AllowedSchema, Type.Null()]),
});
export type Headroom = Static<typeof HeadroomSchema>;

/** What a gateway learned about keys of one group since it told last. */
export const KeyHeadroomSchema = Type.Object({
  group: Type.String(),
  keys: Type.Array(Type.Object({ key_id: Type.String(), ...HeadroomSchema.properties })),
});
export type KeyHeadroom = Static<typeof KeyHeadroomSchema>;
