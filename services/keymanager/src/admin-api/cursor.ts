import { invalidField, type Problem } from '@keymux/service';

/** Wraps where the next page begins, so that nobody builds on what is inside. */
export function toCursor(parts: readonly (string | number)[]): string {
  return Buffer.from(JSON.stringify(parts)).toString('base64url');
}

function parse(cursor: string): unknown {
  try {
    return JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
  } catch {
    // What is not JSON was not made by us.
    return undefined;
  }
}

/** The numbers in a cursor of a list of this name; null without a cursor, a 422 for one that is not its. */
export function readCursor(
  cursor: string | undefined,
  name: string,
  numbers: number,
): readonly number[] | null | Problem {
  if (cursor === undefined) return null;
  const parts: unknown = parse(cursor);
  if (Array.isArray(parts) && parts.length === numbers + 1 && parts[0] === name) {
    const values = parts.slice(1).map(Number);
    if (values.every(Number.isSafeInteger)) return values;
  }
  return invalidField('cursor', 'is not one that this list gave');
}
