import type { DatabaseSync } from 'node:sqlite';
import { type Vault, VaultError } from '@keymux/vault';
import { fingerprintsOf } from '../fingerprints.ts';
import type { SearchKeys } from '../roster.ts';
import { numberIn, textIn } from './columns.ts';

/** Fewer characters say too little of a key's end. */
const shortestTail = 4;
/** What a mask shows of the end of all but short keys, and the index holds. */
const indexedTail = 3;
/** Keys whose masks end alike that are opened to compare more of them. */
const maxOpened = 5_000;

/** Searches in SQLite; opens secrets only where the masks fit. */
export function createKeySearch(db: DatabaseSync, vault: Vault): SearchKeys {
  const exact = db.prepare(
    `SELECT seq FROM keys WHERE pool = ?1 AND id = ?2
     UNION SELECT seq FROM keys
       WHERE pool = ?1 AND fingerprint IN (SELECT value FROM json_each(?3))
     UNION SELECT seq FROM keys
       WHERE pool = ?1 AND substr(masked, -3) = substr(?2, -3) AND masked = ?2
     UNION SELECT seq FROM keys
       WHERE pool = ?1 AND note <> '' AND instr(lower(note), lower(?2)) > 0`,
  );
  const byTail = db.prepare(
    'SELECT seq, sealed, masked FROM keys WHERE pool = ? AND substr(masked, -3) = ?',
  );

  // A key that was sealed under a lost encryption key must not spoil the search for others.
  function open(sealed: string): string {
    try {
      return vault.open(sealed);
    } catch (error) {
      if (error instanceof VaultError) return '';
      throw error;
    }
  }

  function* endingWith(poolId: number, text: string): Generator<number> {
    let opened = 0;
    for (const row of byTail.iterate(poolId, text.slice(-indexedTail))) {
      const masked = textIn(row, 'masked');
      const shown = masked.slice(masked.indexOf('…') + 1);
      const isMeant = (): boolean => {
        if (text.length <= shown.length) return shown.endsWith(text);
        // What the mask shows contradicts: no need to open.
        if (!text.endsWith(shown) || opened >= maxOpened) return false;
        opened += 1;
        return open(textIn(row, 'sealed')).endsWith(text);
      };
      if (isMeant()) yield numberIn(row, 'seq');
    }
  }

  return async (poolId, text) => {
    const fingerprints = JSON.stringify(fingerprintsOf(vault, text));
    const seqs = exact.all(poolId, text, fingerprints).map((row) => numberIn(row, 'seq'));
    if (text.length < shortestTail || /\s/.test(text)) return seqs;
    return [...new Set([...seqs, ...endingWith(poolId, text)])];
  };
}
