const two = (value: number): string => String(value).padStart(2, '0');

/** A moment as `<input type="datetime-local">` holds it, to the minute, in the reader's time zone. */
export function toLocalInput(ms: number): string {
  const at = new Date(ms);
  const day = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  return `${day}T${two(at.getHours())}:${two(at.getMinutes())}`;
}

/** What such an input holds as ISO 8601; undefined when it holds no moment. */
export function fromLocalInput(text: string): string | undefined {
  const ms = new Date(text).getTime();
  return text === '' || Number.isNaN(ms) ? undefined : new Date(ms).toISOString();
}
