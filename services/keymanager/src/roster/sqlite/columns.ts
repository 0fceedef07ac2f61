/** A column that holds a number; anything else is a damaged table. */
export function numberIn(row: Record<string, unknown>, column: string): number {
  const value = row[column];
  if (typeof value !== 'number') throw new Error(`column ${column} holds no number`);
  return value;
}

/** A column that holds text. */
export function textIn(row: Record<string, unknown>, column: string): string {
  const value = row[column];
  if (typeof value !== 'string') throw new Error(`column ${column} holds no text`);
  return value;
}

/** A column that holds a number or nothing. */
export function numberOrNullIn(row: Record<string, unknown>, column: string): number | null {
  return row[column] === null ? null : numberIn(row, column);
}

/** A column that holds text or nothing. */
export function textOrNullIn(row: Record<string, unknown>, column: string): string | null {
  return row[column] === null ? null : textIn(row, column);
}
