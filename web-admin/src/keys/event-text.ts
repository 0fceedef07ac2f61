import type { KeyEvent } from '../api/generated.ts';
import type { I18n } from '../i18n/i18n.ts';
import { whyText } from './why-text.ts';

/** How an event of a key is marked: what it meant for the key. */
export function eventTone({ type, data }: KeyEvent): 'good' | 'warn' | 'bad' | '' {
  switch (type) {
    case 'KeyBlacklisted':
    case 'KeyDeleted':
      return 'bad';
    case 'KeyFailed':
    case 'KeyCooled':
    case 'KeyDisabled':
      return 'warn';
    case 'KeyRestored':
    case 'KeyRecovered':
    case 'KeyEnabled':
      return 'good';
    case 'KeyChecked':
      return data['ok'] === true ? 'good' : 'warn';
    default:
      return '';
  }
}

/** What caused an event: the answer, its rule, which failure in a row it was where that counts, its message. */
export function causeOf(
  { type, data }: KeyEvent,
  texts: Pick<I18n, 't' | 'dateTime' | 'sentence'>,
): string {
  const { status, rule, message, note, streak, threshold } = data;
  const isCounted =
    typeof streak === 'number' &&
    typeof threshold === 'number' &&
    threshold > 0 &&
    (type === 'KeyFailed' || (type === 'KeyBlacklisted' && streak >= threshold));
  const counted = isCounted ? `${streak}/${threshold}` : undefined;
  const said = typeof message === 'string' ? whyText(texts, message) : message;
  return [status, rule, counted, note, said]
    .filter((each) => each !== undefined && each !== null && each !== '')
    .map(String)
    .join(' · ');
}
