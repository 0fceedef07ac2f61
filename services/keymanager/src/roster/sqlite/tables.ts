import type { Migration } from '@keymux/service';

/** The keymanager's tables. All but `usage`, marks and pool revisions can be rebuilt from events. */
export const keymanagerMigrations: readonly Migration[] = [
  {
    component: 'keymanager',
    version: 1,
    up: `
    -- A group's keys in one life of the group: a new group of an old name is another pool.
    CREATE TABLE pools (
      id INTEGER PRIMARY KEY,
      name TEXT NOT NULL,
      revision INTEGER NOT NULL,
      closed INTEGER NOT NULL DEFAULT 0
    ) STRICT;
    CREATE UNIQUE INDEX pools_open ON pools (name) WHERE closed = 0;

    -- A number is never given twice, or a new key would get the counters of a deleted one.
    CREATE TABLE keys (
      seq INTEGER PRIMARY KEY AUTOINCREMENT,
      id TEXT NOT NULL UNIQUE,
      pool INTEGER NOT NULL REFERENCES pools (id),
      fingerprint TEXT NOT NULL,
      sealed TEXT NOT NULL,
      masked TEXT NOT NULL,
      note TEXT NOT NULL,
      status TEXT NOT NULL,
      rest_until_ms INTEGER NOT NULL,
      condition TEXT NOT NULL,
      version INTEGER NOT NULL,
      created_ms INTEGER NOT NULL,
      checked_ms INTEGER NOT NULL,
      cause_rule TEXT,
      cause_ms INTEGER
    ) STRICT;
    CREATE UNIQUE INDEX keys_by_secret ON keys (pool, fingerprint);
    -- Every index ends with seq, the row's number: these two are in the order of lists.
    CREATE INDEX keys_by_pool ON keys (pool);
    CREATE INDEX keys_by_status ON keys (pool, status);
    CREATE INDEX keys_resting ON keys (pool, status, rest_until_ms) WHERE rest_until_ms > 0;
    CREATE INDEX keys_due ON keys (pool, checked_ms) WHERE status = 'blacklisted';
    -- For finding a key by its end: what a mask shows of all but short keys.
    CREATE INDEX keys_by_tail ON keys (pool, substr(masked, -3));
    CREATE INDEX keys_noted ON keys (pool) WHERE note <> '';

    CREATE TABLE usage (
      seq INTEGER PRIMARY KEY,
      requests INTEGER NOT NULL,
      failures INTEGER NOT NULL,
      last_used_ms INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE usage_minutes (
      minute INTEGER NOT NULL,
      seq INTEGER NOT NULL,
      requests INTEGER NOT NULL,
      failures INTEGER NOT NULL,
      PRIMARY KEY (minute, seq)
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE outcome_marks (
      producer TEXT NOT NULL,
      batch INTEGER NOT NULL,
      group_name TEXT NOT NULL,
      PRIMARY KEY (producer, batch, group_name)
    ) STRICT, WITHOUT ROWID;
    -- Batches up to here were handled: their marks are gone.
    CREATE TABLE outcome_producers (
      producer TEXT PRIMARY KEY,
      acked_through INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE tasks (
      seq INTEGER PRIMARY KEY,
      id TEXT NOT NULL UNIQUE,
      kind TEXT NOT NULL,
      group_name TEXT,
      pool INTEGER,
      state TEXT NOT NULL,
      actor TEXT NOT NULL,
      input TEXT NOT NULL,
      position INTEGER NOT NULL,
      processed INTEGER NOT NULL,
      total INTEGER,
      result TEXT NOT NULL,
      error TEXT,
      created_ms INTEGER NOT NULL,
      started_ms INTEGER,
      ended_ms INTEGER
    ) STRICT;
    CREATE INDEX tasks_by_state ON tasks (state, seq);
    `,
  },
  {
    component: 'keymanager',
    version: 2,
    up: `
    -- Outcomes as they were heard, a compressed batch a row.
    CREATE TABLE heard_outcomes (
      seq INTEGER PRIMARY KEY AUTOINCREMENT,
      group_name TEXT NOT NULL,
      heard_ms INTEGER NOT NULL,
      outcomes BLOB NOT NULL
    ) STRICT;
    CREATE INDEX heard_by_group ON heard_outcomes (group_name, heard_ms);
    CREATE INDEX heard_by_time ON heard_outcomes (heard_ms);
    `,
  },
  {
    component: 'keymanager',
    version: 3,
    up: `
    -- Only a cache: may be emptied at any time.
    CREATE TABLE key_snapshots (
      key_id TEXT NOT NULL,
      version INTEGER NOT NULL,
      through_ms INTEGER NOT NULL,
      state TEXT NOT NULL,
      PRIMARY KEY (key_id, version)
    ) STRICT, WITHOUT ROWID;
    `,
  },
  {
    component: 'keymanager',
    version: 4,
    up: `
    -- Only a cache: may be emptied at any time.
    CREATE TABLE pool_snapshots (
      group_name TEXT NOT NULL,
      part INTEGER NOT NULL,
      position INTEGER NOT NULL,
      through_ms INTEGER NOT NULL,
      keys BLOB NOT NULL,
      PRIMARY KEY (group_name, part, position)
    ) STRICT;
    `,
  },
  {
    component: 'keymanager',
    version: 5,
    up: `
    -- Which events are verdicts: by group and kind, in the order of their positions.
    CREATE TABLE verdicts (
      position INTEGER PRIMARY KEY,
      group_name TEXT NOT NULL,
      kind TEXT NOT NULL
    ) STRICT;
    INSERT INTO verdicts
      SELECT events.position, born.data ->> 'group', CASE
        WHEN events.type = 'KeyBlacklisted' THEN 'blacklisted'
        WHEN events.type = 'KeyCooled' THEN 'cooled'
        WHEN events.data ->> 'reason' = 'probe' THEN 'returned'
        ELSE 'guard' END
      FROM events JOIN events AS born ON born.stream = events.stream AND born.version = 1
      WHERE events.type IN ('KeyBlacklisted', 'KeyCooled', 'KeyForgiven')
        OR events.type = 'KeyRestored' AND events.data ->> 'reason' IN ('probe', 'guard');
    CREATE INDEX verdicts_by_group ON verdicts (group_name);
    CREATE INDEX verdicts_by_kind ON verdicts (kind);
    CREATE INDEX verdicts_by_both ON verdicts (group_name, kind);
    `,
  },
  {
    component: 'keymanager',
    version: 6,
    up: `
    -- Instead of indexes of fingerprints and ends of masks, which an import scattered its writes over (ADR 21).
    CREATE TABLE key_hints (
      hint TEXT NOT NULL,
      pool INTEGER NOT NULL,
      seq INTEGER NOT NULL,
      PRIMARY KEY (hint, pool, seq)
    ) STRICT, WITHOUT ROWID;
    INSERT OR IGNORE INTO key_hints
      SELECT substr(fingerprint, 1, 8) AS hint, pool, seq FROM keys
      UNION ALL SELECT substr(masked, -3), pool, seq FROM keys ORDER BY hint, pool, seq;
    DROP INDEX keys_by_secret;
    DROP INDEX keys_by_tail;
    -- New ones, until they are many.
    CREATE TABLE fresh_key_hints (
      hint TEXT NOT NULL,
      pool INTEGER NOT NULL,
      seq INTEGER NOT NULL,
      PRIMARY KEY (hint, pool, seq)
    ) STRICT, WITHOUT ROWID;
    CREATE VIEW all_key_hints AS
      SELECT * FROM key_hints UNION ALL SELECT * FROM fresh_key_hints;
    `,
  },
];
