/** A server-sent event, as far as answers of models use them. */
export interface SseEvent {
  /** Empty when it has none. */
  readonly name: string;
  /** Its data lines joined; null when it has none (a comment, a bare name). */
  readonly data: string | null;
}

/** Reads the bytes of one event, lines ended by line feeds, without the blank line after it. */
export function readSseEvent(bytes: Buffer): SseEvent {
  let name = '';
  let data: string | null = null;
  for (const line of bytes
    .toString('utf8')
    .replace(/^\ufeff/, '')
    .split('\n')) {
    if (line.startsWith('data:')) {
      const value = valueOf(line, 5);
      data = data === null ? value : `${data}\n${value}`;
    } else if (line === 'data') data = data === null ? '' : `${data}\n`;
    else if (line.startsWith('event:')) name = valueOf(line, 6);
  }
  return { name, data };
}

function valueOf(line: string, from: number): string {
  return line.slice(line[from] === ' ' ? from + 1 : from);
}
