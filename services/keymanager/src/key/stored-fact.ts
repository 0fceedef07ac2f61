import { type KeyEventType, keyEventSchemas } from '@keymux/contracts';
import { Type } from 'typebox';
import { Compile } from 'typebox/compile';
import type { KeyFact } from './command.ts';

/** The stream of a key. */
export const streamOfKey = (id: string): string => `key-${id}`;

/** The id of the key whose stream this is; undefined for other streams. */
export function keyOfStream(stream: string): string | undefined {
  return stream.startsWith('key-') ? stream.slice(4) : undefined;
}

/** What an event store keeps of a fact: its type, its time (ISO 8601) and its data. */
export interface StoredFact {
  readonly type: string;
  readonly time: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** As it is stored. */
export function storedFact(fact: KeyFact): StoredFact {
  return { type: fact.type, time: new Date(fact.atMs).toISOString(), data: { ...fact.data } };
}

const schemaOf = <T extends KeyEventType>(type: T) =>
  Type.Object({ type: Type.Literal(type), data: keyEventSchemas[type], atMs: Type.Number() });

const isFact = Compile(
  Type.Union([
    schemaOf('KeyImported'),
    schemaOf('KeyFailed'),
    schemaOf('KeyBlacklisted'),
    schemaOf('KeyCooled'),
    schemaOf('KeyRestored'),
    schemaOf('KeyRecovered'),
    schemaOf('KeyForgiven'),
    schemaOf('KeyEnabled'),
    schemaOf('KeyDisabled'),
    schemaOf('KeyNoted'),
    schemaOf('KeyChecked'),
    schemaOf('KeyResealed'),
    schemaOf('KeyDeleted'),
    schemaOf('KeyVerdictUndone'),
    schemaOf('KeyUndoReverted'),
  ]),
);

/** As it happened; undefined for what a later version wrote and this one cannot read. */
export function readFact({ type, time, data }: StoredFact): KeyFact | undefined {
  const fact: unknown = { type, data, atMs: Date.parse(time) };
  return isFact.Check(fact) ? fact : undefined;
}
