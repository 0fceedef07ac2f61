import type { KeyEvent } from '../api/generated.ts';

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

/** What caused an event: the answer, its rule, its message. */
export function causeOf({ data }: KeyEvent): string {
  const { status, rule, message, note, streak, threshold } = data;
  const counted =
    typeof streak === 'number' && typeof threshold === 'number' && threshold > 0
      ? `${streak}/${threshold}`
      : undefined;
  return [status, rule, counted, note, message]
    .filter((each) => each !== undefined && each !== null && each !== '')
    .map(String)
    .join(' · ');
}
