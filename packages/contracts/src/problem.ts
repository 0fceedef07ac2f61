import { Type, type Static } from 'typebox';

/** RFC 9457 problem details, with the fields that were wrong. */
export const ProblemDetailsSchema = Type.Object({
  type: Type.String(),
  title: Type.String(),
  status: Type.Integer(),
  detail: Type.Optional(Type.String()),
  request_id: Type.Optional(Type.String()),
  errors: Type.Optional(Type.Array(Type.Object({ field: Type.String(), message: Type.String() }))),
});
export type ProblemDetails = Static<typeof ProblemDetailsSchema>;
