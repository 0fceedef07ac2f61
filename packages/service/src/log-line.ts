import { isSecretName, scrubText } from './scrub.ts';

const labels: Readonly<Record<number, string>> = {
  10: 'TRACE',
  20: 'DEBUG',
  30: 'INFO ',
  40: 'WARN ',
  50: 'ERROR',
  60: 'FATAL',
};

type Fields = Record<string, unknown>;

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Parses a line of the logger with every secret in it cut out, at any depth. */
export function readLogLine(line: string): Fields {
  const fields: unknown = JSON.parse(line, (name, value: unknown) => {
    // A number under such a name is a count.
    const holdsText = Array.isArray(value) || (typeof value === 'string' && value !== '');
    if (holdsText && isSecretName(name)) return '[redacted]';
    return typeof value === 'string' ? scrubText(value) : value;
  });
  return isFields(fields) ? fields : { msg: String(fields) };
}

const two = (value: number) => String(value).padStart(2, '0');

// Local time, as TZ says, with its offset, so that a line can be compared with one from elsewhere.
function localTime(epochMs: number): string {
  const at = new Date(epochMs);
  const day = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  const time = `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}.${String(at.getMilliseconds()).padStart(3, '0')}`;
  const minutes = -at.getTimezoneOffset();
  const offset = `${minutes < 0 ? '-' : '+'}${two(Math.floor(Math.abs(minutes) / 60))}:${two(Math.abs(minutes) % 60)}`;
  return `${day} ${time}${offset}`;
}

function valueText(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return /[\s"=]/.test(text) && typeof value === 'string' ? JSON.stringify(value) : text;
}

// Line breaks inside a message would let a client forge lines.
const oneLine = (text: string) => text.replaceAll(/[\r\n]+/g, ' ⏎ ');

/** One line for a person: time, level, service, message, fields; the stack of an error below it. */
export function textLine(fields: Fields): string {
  const { time, level, service, msg, err, pid: _pid, ...rest } = fields;
  const details = Object.entries(rest).map(([name, value]) => `${name}=${valueText(value)}`);
  const error = isFields(err) ? err : undefined;
  const reason = typeof error?.['message'] === 'string' ? error['message'] : undefined;
  const message = typeof msg === 'string' ? msg : '';
  const parts = [
    localTime(typeof time === 'number' ? time : 0),
    labels[Number(level)] ?? String(level),
    `${String(service)}:`,
    message,
    ...(reason === undefined || message.includes(reason) ? [] : [`(${reason})`]),
    ...details,
  ];
  const stack = typeof error?.['stack'] === 'string' ? error['stack'] : '';
  const below = stack
    .split('\n')
    .filter((each) => each !== '')
    .map((each) => `\n    ${each.trim()}`)
    .join('');
  return `${oneLine(parts.filter((part) => part !== '').join(' '))}${below}\n`;
}
