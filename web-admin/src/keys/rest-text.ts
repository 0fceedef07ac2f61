import type { Key } from '../api/generated.ts';
import type { I18n } from '../i18n/i18n.ts';

/** Which model a key rests for, and when it is back. */
export function restText(
  i18n: Pick<I18n, 't' | 'relative'>,
  { model, until }: Key['cooldowns'][number],
  nowMs: number,
): string {
  return i18n.t('key.rests', {
    model: model ?? i18n.t('key.allModels'),
    time: i18n.relative(until, nowMs),
  });
}
