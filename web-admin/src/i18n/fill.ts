/** What a message's gaps are filled with; `n` also chooses between a singular and a plural form. */
export type Values = Readonly<Record<string, string | number>>;

/** Fills `{gaps}`; a message `one|many` has a form for n = 1 and one for all other n. */
export function fill(
  message: string,
  values: Values = {},
  format = String as (n: number) => string,
) {
  const forms = message.split('|');
  const form = (values['n'] === 1 ? forms[0] : forms.at(-1)) ?? message;
  return form.replaceAll(/\{(\w+)\}/g, (gap, name: string) => {
    const value = values[name];
    return value === undefined ? gap : typeof value === 'number' ? format(value) : value;
  });
}
