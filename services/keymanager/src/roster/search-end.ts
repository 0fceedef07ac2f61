import { type Vault, VaultError } from '@keymux/vault';

/** What lists show of a key's end; fewer characters say too little. */
const shortestEnd = 3;
/** Keys whose masks end alike that are opened to compare more of them. */
const maxOpened = 5_000;

/** True for a text that may be the end of a key. */
export function isEnd(text: string): boolean {
  return text.length >= shortestEnd && !/\s/.test(text);
}

/** Tells which keys end with a text; opens secrets only where the masks fit, and not too many. */
export function createEndMatch(
  vault: Vault,
  text: string,
): (key: { readonly sealed: string; readonly masked: string }) => boolean {
  let opened = 0;

  // A key that was sealed under a lost encryption key must not spoil the search for others.
  function open(sealed: string): string {
    try {
      return vault.open(sealed);
    } catch (error) {
      if (error instanceof VaultError) return '';
      throw error;
    }
  }

  return ({ sealed, masked }) => {
    const shown = masked.slice(masked.indexOf('…') + 1);
    if (text.length <= shown.length) return shown.endsWith(text);
    // What the mask shows contradicts: no need to open.
    if (!text.endsWith(shown) || opened >= maxOpened) return false;
    opened += 1;
    return open(sealed).endsWith(text);
  };
}
