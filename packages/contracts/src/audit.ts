import { Type, type Static } from 'typebox';

/** What people did, in the audit; each is chained to the one before by its hash. */
export const auditTypes = [
  'LoggedIn',
  'LoginFailed',
  'LoggedOut',
  'ConfigChanged',
  'ConfigRestored',
  'KeyRevealed',
  'KeysExported',
  'KeysImported',
  'KeyChanged',
  'KeyDeleted',
  'KeysActed',
  'VerdictsUndone',
  'UndoReverted',
  'RebuildAsked',
] as const;
export type AuditType = (typeof auditTypes)[number];

/** An entry of the audit as the API shows it. */
export const AuditEntrySchema = Type.Object({
  version: Type.Integer({ description: 'counts from 1 without a gap' }),
  id: Type.String(),
  type: Type.String(),
  time: Type.String(),
  actor: Type.String(),
  data: Type.Record(Type.String(), Type.Unknown()),
  hash: Type.String({ description: 'SHA-256 of this entry and of the hash before it' }),
});
export type AuditEntry = Static<typeof AuditEntrySchema>;
