/** Makers of texts from numbers and times: each takes long to be made, and a list needs the same one in every row. */
const made = new Map<string, unknown>();

function kept<T>(name: string, locale: string, options: object, make: () => T): T {
  const key = `${name} ${locale} ${JSON.stringify(options)}`;
  const known = made.get(key);
  if (known !== undefined) return known as T;
  const fresh = make();
  made.set(key, fresh);
  return fresh;
}

/** Without options: of nearly every number, so found without making a name for it. */
const plain = new Map<string, Intl.NumberFormat>();

export function plainFormat(locale: string): Intl.NumberFormat {
  const known = plain.get(locale);
  if (known !== undefined) return known;
  const fresh = new Intl.NumberFormat(locale);
  plain.set(locale, fresh);
  return fresh;
}

export const numberFormat = (
  locale: string,
  options: Intl.NumberFormatOptions,
): Intl.NumberFormat =>
  kept('number', locale, options, () => new Intl.NumberFormat(locale, options));

export const dateFormat = (
  locale: string,
  options: Intl.DateTimeFormatOptions,
): Intl.DateTimeFormat =>
  kept('date', locale, options, () => new Intl.DateTimeFormat(locale, options));

export const relativeFormat = (
  locale: string,
  options: Intl.RelativeTimeFormatOptions,
): Intl.RelativeTimeFormat =>
  kept('relative', locale, options, () => new Intl.RelativeTimeFormat(locale, options));
