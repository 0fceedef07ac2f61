import type { I18n } from '../i18n/i18n.ts';
import type { Deed } from './stream.ts';

const text = (value: unknown): string =>
  typeof value === 'string' || typeof value === 'number' ? String(value) : '–';

/** What somebody did, in a sentence. */
export function deedText(i18n: I18n, { type, data, revision }: Deed): string {
  const subject = text(data['subject'] ?? revision?.subject);
  const group = text(data['group']);
  const keys = typeof data['keys'] === 'number' ? data['keys'] : 0;
  const key = text(data['masked'] ?? data['key_id']);
  const action = `taskKind.${text(data['action'])}`;
  const name = `deed.${type}`;
  if (!i18n.has(name)) return type;
  const said = i18n.has(action) ? i18n.t(action) : text(data['action']);
  return i18n.t(name, {
    subject,
    group,
    key,
    n: keys,
    action: said,
    address: text(data['address']),
  });
}

/** Who did it: a session of the console, the admin key in a program, Keymux itself, or nobody we know. */
export function actorText(i18n: I18n, actor: string): string {
  if (actor.startsWith('session:')) {
    return i18n.t('actor.session', { id: actor.slice('session:'.length).slice(-6) });
  }
  if (actor === 'key' || actor === 'anonymous' || actor === 'system')
    return i18n.t(`actor.${actor}`);
  return actor;
}

/** What an undo takes back, in words: its rule, status, upstream and window. */
export function undoneText(i18n: I18n, { data }: Deed): string {
  const parts = (['rule', 'status', 'upstream'] as const).flatMap((name) => {
    const value = data[name];
    return value === null || value === undefined
      ? []
      : [`${i18n.t(`undo.${name}`)}: ${text(value)}`];
  });
  const window = `${i18n.dateTime(text(data['from']))} – ${i18n.dateTime(text(data['to']))}`;
  return [...parts, window].join(' · ');
}
