import type { DatabaseSync } from 'node:sqlite';
import type { Vault } from '@keymux/vault';
import { fingerprintsOf } from '../fingerprints.ts';
import type { SearchKeys } from '../roster.ts';
import { createEndMatch, isEnd } from '../search-end.ts';
import { numberIn, textIn } from './columns.ts';

/** What a mask shows of the end of all but short keys, and the hints hold. */
const indexedTail = 3;

/** Searches in SQLite; opens secrets only where the masks fit. */
export function createKeySearch(db: DatabaseSync, vault: Vault): SearchKeys {
  const exact = db.prepare(
    `SELECT seq FROM keys WHERE pool = ?1 AND id = ?2
     UNION SELECT seq FROM keys
       WHERE pool = ?1 AND fingerprint IN (SELECT value FROM json_each(?3)) AND seq IN
         (SELECT seq FROM all_key_hints
          WHERE pool = ?1 AND hint IN (SELECT substr(value, 1, 8) FROM json_each(?3)))
     UNION SELECT seq FROM keys
       WHERE pool = ?1 AND masked = ?2 AND seq IN
         (SELECT seq FROM all_key_hints WHERE pool = ?1 AND hint = substr(?2, -3))
     UNION SELECT seq FROM keys
       WHERE pool = ?1 AND note <> '' AND instr(lower(note), lower(?2)) > 0`,
  );
  const byTail = db.prepare(
    `SELECT seq, sealed, masked FROM keys WHERE substr(masked, -3) = ?2 AND seq IN
       (SELECT seq FROM all_key_hints WHERE pool = ?1 AND hint = ?2)`,
  );

  function* endingWith(poolId: number, text: string): Generator<number> {
    const matches = createEndMatch(vault, text);
    for (const row of byTail.iterate(poolId, text.slice(-indexedTail))) {
      const key = { sealed: textIn(row, 'sealed'), masked: textIn(row, 'masked') };
      if (matches(key)) yield numberIn(row, 'seq');
    }
  }

  return async (poolId, text) => {
    const fingerprints = JSON.stringify(fingerprintsOf(vault, text));
    const seqs = exact.all(poolId, text, fingerprints).map((row) => numberIn(row, 'seq'));
    if (!isEnd(text)) return seqs;
    return [...new Set([...seqs, ...endingWith(poolId, text)])];
  };
}
