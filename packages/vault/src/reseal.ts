import type { Vault } from './vault.ts';

type Resealing = Pick<Vault, 'open' | 'seal' | 'fingerprint' | 'isPrevious'>;

/**
 * The same data with everything that the previous key sealed sealed under the current one, and with
 * the `fingerprint` that stands beside a seal; null when there is nothing of the previous key in it.
 * Throws a `VaultError` for a seal that was changed.
 */
export function resealData(
  vault: Resealing,
  data: Readonly<Record<string, unknown>>,
): Record<string, unknown> | null {
  let changed = false;

  function resealText(text: string): string {
    if (!vault.isPrevious(text)) return text;
    changed = true;
    return vault.seal(vault.open(text));
  }

  function resealFields(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
    const result: Record<string, unknown> = {};
    for (const [name, value] of Object.entries(fields)) result[name] = resealValue(value);
    const { sealed, fingerprint } = fields;
    if (typeof sealed === 'string' && typeof fingerprint === 'string' && vault.isPrevious(sealed)) {
      result['fingerprint'] = vault.fingerprint(vault.open(sealed));
    }
    return result;
  }

  function resealValue(value: unknown): unknown {
    if (typeof value === 'string') return resealText(value);
    if (Array.isArray(value)) return value.map(resealValue);
    return typeof value === 'object' && value !== null ? resealFields({ ...value }) : value;
  }

  const resealed = resealFields(data);
  return changed ? resealed : null;
}
