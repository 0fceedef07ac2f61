import type { DatabaseSync, SQLOutputValue, StatementSync } from 'node:sqlite';
import { type Facet, facetId, facetOf } from '../facet.ts';
import type { LogRow } from '@keymux/contracts';

export const facetsTable = `CREATE TABLE facets (
  id INTEGER PRIMARY KEY, grp TEXT NOT NULL, aggregate TEXT, model TEXT,
  status INTEGER NOT NULL, at_fault TEXT, proxy_key TEXT
) STRICT;`;

/** The facets of a day, all in memory: a day has few. */
export class SqliteFacets {
  readonly #insert: StatementSync;
  readonly #facets = new Map<number, Facet>();

  /** The caller owns the connection and the transactions. */
  constructor(db: DatabaseSync) {
    this.#insert = db.prepare('INSERT OR IGNORE INTO facets VALUES (?, ?, ?, ?, ?, ?, ?)');
    for (const found of db.prepare('SELECT * FROM facets').all()) {
      this.#facets.set(Number(found['id']), toFacet(found));
    }
  }

  /** The number of a row's facet, which is kept. */
  add(row: LogRow): number {
    const facet = facetOf(row);
    const id = facetId(facet);
    if (!this.#facets.has(id)) {
      const { group, aggregate, model, status, at_fault, proxy_key } = facet;
      this.#insert.run(id, group, aggregate, model, status, at_fault, proxy_key);
      this.#facets.set(id, facet);
    }
    return id;
  }

  /** Those that `wanted` accepts. */
  find(wanted: (facet: Facet) => boolean): Set<number> {
    const found = new Set<number>();
    for (const [id, facet] of this.#facets) if (wanted(facet)) found.add(id);
    return found;
  }
}

function toFacet(found: Record<string, SQLOutputValue>): Facet {
  const nullable = (name: string): string | null => {
    const value = found[name];
    return typeof value === 'string' ? value : null;
  };
  return {
    group: String(found['grp']),
    aggregate: nullable('aggregate'),
    model: nullable('model'),
    status: Number(found['status']),
    // Checked when the row came in.
    at_fault: nullable('at_fault') as Facet['at_fault'],
    proxy_key: nullable('proxy_key'),
  };
}
