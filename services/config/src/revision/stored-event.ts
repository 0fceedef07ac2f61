import { type ConfigEvent, configEventSchemas, type Revision } from '@keymux/contracts';
import type { StoredEvent } from '@keymux/event-store';
import type { Static, TSchema } from 'typebox';
import { Compile } from 'typebox/compile';
import { Value } from 'typebox/value';

const parseCreated = parserOf(configEventSchemas.GroupCreated);
const parseChanged = parserOf(configEventSchemas.GroupChanged);
const parseDeleted = parserOf(configEventSchemas.GroupDeleted);
const parseSettings = parserOf(configEventSchemas.SettingsChanged);
const parseOrdered = parserOf(configEventSchemas.GroupsOrdered);
const parseRestored = parserOf(configEventSchemas.ConfigRestored);

/** An event as it is kept, read and checked; throws for what no Keymux up to this one wrote. */
export function readConfigEvent(type: string, data: unknown): ConfigEvent {
  switch (type) {
    case 'GroupCreated':
      return { type, data: parseCreated(data) };
    case 'GroupChanged':
      return { type, data: parseChanged(data) };
    case 'GroupDeleted':
      return { type, data: parseDeleted(data) };
    case 'SettingsChanged':
      return { type, data: parseSettings(data) };
    case 'GroupsOrdered':
      return { type, data: parseOrdered(data) };
    case 'ConfigRestored':
      return { type, data: parseRestored(data) };
    default:
      throw new Error(`the config's history has an event of unknown type ${type}`);
  }
}

/** An event as the API lists it. */
export function toRevision(stored: StoredEvent): Revision {
  const { version, time, actor, type } = stored;
  return { revision: version, time, actor, type, ...aboutOf(readConfigEvent(type, stored.data)) };
}

/** What a change is about, and what it changed. */
export function aboutOf(event: ConfigEvent): Pick<Revision, 'subject' | 'diff'> {
  switch (event.type) {
    case 'GroupCreated':
      return { subject: event.data.group.name, diff: event.data.diff ?? [] };
    case 'GroupChanged':
      return { subject: event.data.group.name, diff: event.data.diff };
    case 'GroupDeleted':
      return { subject: event.data.name, diff: event.data.diff ?? [] };
    case 'SettingsChanged':
      return { subject: 'settings', diff: event.data.diff };
    case 'GroupsOrdered':
      return {
        subject: 'order',
        diff: [{ field: 'order', before: null, after: event.data.names }],
      };
    case 'ConfigRestored':
      return { subject: `revision ${event.data.restored}`, diff: event.data.diff };
    default:
      return event satisfies never;
  }
}

// Fields of a later version are dropped, not refused.
function parserOf<S extends TSchema>(schema: S): (data: unknown) => Static<S> {
  const compiled = Compile(schema);
  return (data) =>
    compiled.Check(data) ? data : Value.Parse(schema, Value.Clean(schema, Value.Clone(data)));
}
